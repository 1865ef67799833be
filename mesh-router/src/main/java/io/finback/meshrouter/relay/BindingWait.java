package io.finback.meshrouter.relay;

import io.finback.meshrouter.traffic.Routing;
import org.jspecify.annotations.Nullable;

/** A call's wait for a name to become known: asked again at each change of any name. On its event loop. */
final class BindingWait {
    private @Nullable Runnable stop;
    private boolean begun;
    private boolean over;

    /** False the first time. */
    boolean hasBegun() {
        boolean before = begun;
        begun = true;
        return before;
    }

    void until(Routing.Waiting waiting, Peer peer, Runnable again) {
        stop = waiting.subscribe()
                .apply(() -> peer.run(() -> {
                    if (!over) {
                        again.run();
                    }
                }));
    }

    /** The name is known, or nobody waits any more. */
    void end() {
        over = true;
        Runnable subscribed = stop;
        stop = null;
        if (subscribed != null) {
            subscribed.run();
        }
    }
}
