package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.Path;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * {@code io.l5d.serversets} as an announcer: a listener is a member of a ServerSet as long as it is there. Announced again when its session
 * with ZooKeeper has expired, or somebody has deleted it. Source: linkerd/linkerd announcer/serversets.
 */
public final class ZkAnnouncement {
    /** Taking a name back waits no longer for ZooKeeper; the session's end does it then. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);

    private final ZkSession session;
    private final AutoCloseable loop;

    private ZkAnnouncement(ZkSession session, AutoCloseable loop) {
        this.session = session;
        this.loop = loop;
    }

    /**
     * Announces.
     *
     * @param servers {@code host:port}, separated by commas
     * @param path of the ServerSet, at least one element
     */
    public static ZkAnnouncement start(String servers, Path path, Address address, Streams streams) {
        ZkSession session = new ZkSession(servers);
        List<String> elements = path.elements().stream()
                .map(element -> new String(element.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                .toList();
        String node = "/" + String.join("/", elements);
        AutoCloseable loop = streams.again("announcement " + path.show(), ZkNamer.RETRY, works -> session.hold(
                        node, Serverset.MEMBER, Serverset.member(address), works)
                .thenApply(gone -> Duration.ofMillis(100)));
        return new ZkAnnouncement(session, loop);
    }

    /** Takes the name back. Completes when ZooKeeper knows, or after two seconds. */
    public CompletionStage<Void> stop() {
        Streams.close(loop);
        return session.end().completeOnTimeout(null, STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    }
}
