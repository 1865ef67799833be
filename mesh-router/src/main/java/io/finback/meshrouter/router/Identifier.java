package io.finback.meshrouter.router;

import io.finback.meshrouter.traffic.RequestHead;
import io.finback.names.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which names a request may mean. In two steps, so that what follows from the first can be remembered. Thread-safe. */
public interface Identifier {
    /**
     * A name to try.
     *
     * @param whole whether the name must be used up by what it is bound to: a guess must not end up at a shorter name
     */
    record Candidate(Path path, boolean whole) {}

    /** What identifies the request, as one short text; null if it is none of this identifier's. Equal texts mean equal candidates. */
    @Nullable
    String key(RequestHead head);

    /**
     * The names behind a key, in the order to try, at least one. Throws IllegalArgumentException for a key that cannot be read.
     */
    List<Candidate> candidates(String key);

    /** What a request that was identified by this is changed to on its way; most often nothing. */
    default void forward(RequestHead head) {}

    /** Why a request that none of the identifiers knows is refused. */
    String expectation();
}
