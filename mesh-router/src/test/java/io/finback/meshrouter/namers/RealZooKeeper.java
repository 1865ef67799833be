package io.finback.meshrouter.namers;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

/** ZooKeeper's own server, on a loopback port and a directory that outlives its restarts; and a session of its own to write with. */
public final class RealZooKeeper implements AutoCloseable {
    private static final int TICK_MILLIS = 100;

    private final Path directory;
    private int port;
    private ZooKeeperServer server;
    private NIOServerCnxnFactory sockets;
    private ZooKeeper writer;

    public RealZooKeeper(Path directory) throws Exception {
        this.directory = directory;
        start();
    }

    public void start() throws Exception {
        server = new ZooKeeperServer(directory.toFile(), directory.toFile(), TICK_MILLIS);
        sockets = new NIOServerCnxnFactory();
        sockets.configure(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
        sockets.startup(server);
        port = sockets.getLocalPort();
    }

    public void stop() {
        sockets.shutdown();
    }

    public String address() {
        return "127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** Ends all sessions but the writer's, as if their clients had been silent for too long. */
    public void expireSessions() {
        for (long session : server.getSessionTracker().globalSessions()) {
            if (writer == null || session != writer.getSessionId()) {
                server.closeSession(session);
            }
        }
    }

    /** How many paths are watched there. */
    public int watches() {
        return server.getZKDatabase().getDataTree().getWatchCount();
    }

    /** The names of the nodes below {@code path}; none when it does not exist. */
    public List<String> children(String path) {
        try {
            return server.getZKDatabase().getChildren(path, null, null).stream()
                    .sorted()
                    .toList();
        } catch (KeeperException.NoNodeException e) {
            return List.of();
        }
    }

    private ZooKeeper writer() throws IOException {
        if (writer == null) {
            writer = new ZooKeeper(address(), 60_000, event -> {});
        }
        return writer;
    }

    /** Makes a node, and those above it; one whose name ends in {@code _} gets a number. Gives the name it has. */
    @CanIgnoreReturnValue
    public String create(String path, String data) throws Exception {
        String[] elements = path.substring(1).split("/", -1);
        StringBuilder above = new StringBuilder();
        for (int i = 0; i < elements.length - 1; i++) {
            above.append('/').append(elements[i]);
            try {
                String made =
                        writer().create(above.toString(), new byte[0], Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
                assert made.equals(above.toString());
            } catch (KeeperException.NodeExistsException e) {
                // as it should be
            }
        }
        return writer().create(
                        path,
                        data.getBytes(StandardCharsets.UTF_8),
                        Ids.OPEN_ACL_UNSAFE,
                        path.endsWith("_") ? CreateMode.PERSISTENT_SEQUENTIAL : CreateMode.PERSISTENT);
    }

    /** The same for one whose parents are there, without waiting. */
    public CompletableFuture<String> createLater(String path, String data) throws IOException {
        CompletableFuture<String> made = new CompletableFuture<>();
        writer().create(
                        path,
                        data.getBytes(StandardCharsets.UTF_8),
                        Ids.OPEN_ACL_UNSAFE,
                        CreateMode.PERSISTENT_SEQUENTIAL,
                        (rc, asked, context, name) -> {
                            boolean unused = rc == 0
                                    ? made.complete(name)
                                    : made.completeExceptionally(new IllegalStateException("" + rc));
                        },
                        null);
        return made;
    }

    public void write(String path, String data) throws Exception {
        var stat = writer().setData(path, data.getBytes(StandardCharsets.UTF_8), -1);
        assert stat != null;
    }

    public void delete(String path) throws Exception {
        writer().delete(path, -1);
    }

    /** A member's data. */
    public static String member(String host, int port, String status, String more) {
        return "{\"serviceEndpoint\":{\"host\":\"" + host + "\",\"port\":" + port
                + "},\"additionalEndpoints\":{\"http\":{\"host\":\"" + host + "\",\"port\":" + (port + 1)
                + "}},\"status\":\"" + status + "\"" + more + "}";
    }

    @Override
    public void close() {
        try {
            if (writer != null) {
                boolean unused = writer.close(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        stop();
    }
}
