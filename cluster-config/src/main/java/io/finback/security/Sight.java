package io.finback.security;

import java.util.Optional;

/**
 * What one principal may see. Unlike a refusal, what is left out of an answer is not written down. Immutable: the rules as they were when it was
 * asked for.
 */
public final class Sight {
    /** Everything. */
    public static final Sight WHOLE = new Sight(Acls.PERMISSIVE, Optional.empty());

    private final Acls acls;
    private final Optional<Principal> principal;

    Sight(Acls acls, Optional<Principal> principal) {
        this.acls = acls;
        this.principal = principal;
    }

    /**
     * Whether that may be seen.
     *
     * @param object as the action's objects are written; empty where it has none, such as flags
     */
    public boolean sees(Action action, String object) {
        return acls.allows(principal, action, object);
    }

    /** Nothing is hidden by any of these, whatever its name; then looking at things one by one is needless. */
    public boolean isWhole(Action... actions) {
        for (Action action : actions) {
            if (!acls.allowsAll(principal, action)) {
                return false;
            }
        }
        return true;
    }
}
