package io.finback.security;

import java.util.Optional;

/** Decides who may do what. Thread-safe. */
@FunctionalInterface
public interface Rules {
    /** Nothing is refused. */
    Rules NONE = (principal, action, object) -> true;

    /**
     * Whether that is allowed; a refusal is written down by whoever decides.
     *
     * @param principal empty: nobody said who they are
     * @param object as the action's objects are written ({@link Action#objects})
     */
    boolean allows(Optional<Principal> principal, Action action, String object);

    /** What {@code principal} may see, as the rules are now. */
    default Sight sight(Optional<Principal> principal) {
        return Sight.WHOLE;
    }
}
