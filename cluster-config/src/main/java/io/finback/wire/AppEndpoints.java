package io.finback.wire;

import java.util.List;

/**
 * The instances of one app that may be called now. Written by the app's entity alone, read by every router.
 *
 * @param appId the app's absolute path, such as {@code /shop/api}
 * @param revision grows with every change, also over failovers (it begins at the milliseconds of the clock), so the newest write wins
 * @param ready running and healthy instances that are not about to be killed
 */
public record AppEndpoints(String appId, long revision, List<Instance> ready) implements WireMessage {
    public AppEndpoints {
        ready = List.copyOf(ready);
    }

    /**
     * One callable instance.
     *
     * @param ports host ports in the order the app declares them; routers use the first unless told otherwise
     */
    public record Instance(String taskId, String host, List<Integer> ports) {
        public Instance {
            ports = List.copyOf(ports);
        }
    }
}
