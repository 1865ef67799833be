package io.finback.meshrouter.namers;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;
import org.jspecify.annotations.Nullable;

/**
 * A session with a ZooKeeper ensemble, of Apache's client: begun when it is first asked for, and begun anew when it has expired. The client
 * itself connects again, to any of the servers. Thread-safe; answers come on the client's own thread.
 */
final class ZkSession implements AutoCloseable {
    /** As Finagle's. */
    private static final int TIMEOUT_MILLIS = 10_000;

    private final String servers;
    private @Nullable ZooKeeper keeper;
    private volatile String state = "not asked yet";
    private boolean closed;

    /**
     * A session.
     *
     * @param servers {@code host:port}, separated by commas
     */
    ZkSession(String servers) {
        this.servers = servers;
    }

    /** How it stands, for people. */
    String state() {
        return state;
    }

    private synchronized ZooKeeper keeper() {
        ZooKeeper known = keeper;
        if (known != null && (closed || known.getState().isAlive())) {
            return known;
        }
        if (closed) {
            throw new IllegalStateException("closed");
        }
        ZKClientConfig config = new ZKClientConfig();
        state = "connecting";
        config.setProperty("jute.maxbuffer", Integer.toString(Streams.MAX_BYTES));
        try {
            ZooKeeper made = new ZooKeeper(servers, TIMEOUT_MILLIS, this::noted, config);
            keeper = made;
            return made;
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalStateException("cannot begin a session with " + servers + ": " + e.getMessage(), e);
        }
    }

    private void noted(WatchedEvent event) {
        if (event.getType() == Watcher.Event.EventType.None) {
            state = event.getState().toString();
        }
    }

    /** Does not wait for the servers. */
    @Override
    public void close() {
        var ending = end();
        Objects.requireNonNull(ending);
    }

    /** Ends it; the future tells when the servers know. */
    synchronized CompletableFuture<Void> end() {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        closed = true;
        ZooKeeper known = keeper;
        if (known == null) {
            return CompletableFuture.completedFuture(null);
        }
        Thread closing = new Thread(
                () -> {
                    try {
                        known.close();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    boolean unused = ended.complete(null);
                },
                "finback-zookeeper-close");
        closing.setDaemon(true);
        closing.start();
        return ended;
    }

    /**
     * Makes a node with a number behind its name, and those above it, which is there as long as this session. The future completes when
     * somebody has deleted it, and fails when it could not be made or the session has expired.
     *
     * @param parent the path above it
     * @param made is told when it is there
     */
    CompletableFuture<Void> hold(String parent, String name, byte[] data, Runnable made) {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        ZooKeeper now = keeper();
        above(
                now,
                parent,
                parent.indexOf('/', 1),
                gone,
                () -> now.create(
                        parent + "/" + name,
                        data,
                        ZooDefs.Ids.OPEN_ACL_UNSAFE,
                        CreateMode.EPHEMERAL_SEQUENTIAL,
                        (rc, asked, context, node) -> {
                            if (rc == 0) {
                                made.run();
                                watch(now, node, gone);
                            } else {
                                boolean unused =
                                        gone.completeExceptionally(failure(KeeperException.Code.get(rc), asked));
                            }
                        },
                        null));
        return gone;
    }

    /** The part of {@code path} up to {@code end}, and longer ones, exist; then {@code then}. */
    private static void above(ZooKeeper now, String path, int end, CompletableFuture<Void> gone, Runnable then) {
        String part = end < 0 ? path : path.substring(0, end);
        now.create(
                part,
                new byte[0],
                ZooDefs.Ids.OPEN_ACL_UNSAFE,
                CreateMode.PERSISTENT,
                (rc, asked, context, node) -> {
                    KeeperException.Code code = KeeperException.Code.get(rc);
                    if (code != KeeperException.Code.OK && code != KeeperException.Code.NODEEXISTS) {
                        boolean unused = gone.completeExceptionally(failure(code, part));
                    } else if (end < 0) {
                        then.run();
                    } else {
                        above(now, path, path.indexOf('/', end + 1), gone, then);
                    }
                },
                null);
    }

    private static void watch(ZooKeeper now, String node, CompletableFuture<Void> gone) {
        Watcher watcher = event -> {
            boolean unused;
            if (event.getType() == Watcher.Event.EventType.NodeDeleted) {
                unused = gone.complete(null);
            } else if (event.getState() == Watcher.Event.KeeperState.Expired) {
                unused =
                        gone.completeExceptionally(new IllegalStateException("the session with ZooKeeper has expired"));
            }
        };
        now.exists(
                node,
                watcher,
                (rc, asked, context, stat) -> {
                    boolean unused;
                    if (rc == KeeperException.Code.NONODE.intValue()) {
                        unused = gone.complete(null);
                    } else if (rc != 0) {
                        unused = gone.completeExceptionally(failure(KeeperException.Code.get(rc), node));
                    }
                },
                null);
    }

    /** Reads that are watched, of one follower; {@code parse} makes its data of a node's name and bytes. */
    <T> View<T> view(BiFunction<String, byte[], T> parse) {
        return new View<>(parse);
    }

    private static Exception failure(KeeperException.Code code, String path) {
        return new IllegalStateException(code + " at " + path, null);
    }

    /** One follower's reads: a round ends with the first change of anything that was read, and fails when the connection is lost. */
    final class View<T> implements Watcher, AutoCloseable {
        private final BiFunction<String, byte[], T> parse;
        /** What nodes say, until they say something else. */
        private final Map<String, T> known = new ConcurrentHashMap<>();

        private final Set<String> watched = ConcurrentHashMap.newKeySet();
        private volatile @Nullable ZooKeeper of;
        private volatile CompletableFuture<Void> changed = new CompletableFuture<>();

        private View(BiFunction<String, byte[], T> parse) {
            this.parse = parse;
        }

        /** Begins a round; the future tells its end. */
        CompletableFuture<Void> round() {
            CompletableFuture<Void> next = new CompletableFuture<>();
            changed = next;
            ZooKeeper now = keeper();
            if (of != now) {
                // Watches do not outlive their session, and nothing is known of what has changed since.
                known.clear();
                watched.clear();
                of = now;
            }
            return next;
        }

        private ZooKeeper keeperOfRound() {
            return Objects.requireNonNull(of);
        }

        /** The names of the nodes below {@code path}; empty when it does not exist. Throws IllegalArgumentException for what is no path. */
        CompletableFuture<Optional<List<String>>> children(String path) {
            CompletableFuture<Optional<List<String>>> found = new CompletableFuture<>();
            keeperOfRound()
                    .getChildren(
                            path,
                            this,
                            (rc, asked, context, names) -> {
                                KeeperException.Code code = KeeperException.Code.get(rc);
                                boolean unused;
                                if (code == KeeperException.Code.OK) {
                                    unused = found.complete(Optional.of(List.copyOf(names)));
                                } else if (code == KeeperException.Code.NONODE) {
                                    absent(path, found);
                                } else {
                                    unused = found.completeExceptionally(failure(code, path));
                                }
                            },
                            null);
            watched.add(path);
            return found;
        }

        /** Watches for its creation: reading the children of what does not exist watches nothing. */
        private void absent(String path, CompletableFuture<Optional<List<String>>> found) {
            keeperOfRound()
                    .exists(
                            path,
                            this,
                            (rc, asked, context, stat) -> {
                                KeeperException.Code code = KeeperException.Code.get(rc);
                                boolean unused;
                                if (code == KeeperException.Code.NONODE) {
                                    unused = found.complete(Optional.empty());
                                } else if (code == KeeperException.Code.OK) {
                                    unused = changed.complete(null);
                                    unused = found.complete(Optional.empty());
                                } else {
                                    unused = found.completeExceptionally(failure(code, path));
                                }
                            },
                            null);
        }

        /** What the node {@code name} below {@code path} says; empty when it does not exist. */
        CompletableFuture<Optional<T>> data(String path, String name) {
            String whole = path.equals("/") ? path + name : path + "/" + name;
            T before = known.get(whole);
            if (before != null) {
                return CompletableFuture.completedFuture(Optional.of(before));
            }
            CompletableFuture<Optional<T>> found = new CompletableFuture<>();
            keeperOfRound()
                    .getData(
                            whole,
                            this,
                            (rc, asked, context, bytes, stat) -> {
                                KeeperException.Code code = KeeperException.Code.get(rc);
                                boolean unused;
                                if (code == KeeperException.Code.OK) {
                                    T read = parse.apply(name, bytes == null ? new byte[0] : bytes);
                                    known.put(whole, read);
                                    unused = found.complete(Optional.of(read));
                                } else if (code == KeeperException.Code.NONODE) {
                                    unused = found.complete(Optional.empty());
                                } else {
                                    unused = found.completeExceptionally(failure(code, whole));
                                }
                            },
                            null);
            watched.add(whole);
            return found;
        }

        /** On the client's thread. */
        @Override
        public void process(WatchedEvent event) {
            boolean unused;
            if (event.getType() != Event.EventType.None) {
                String path = String.valueOf(event.getPath());
                known.remove(path);
                if (event.getType() == Event.EventType.NodeDeleted) {
                    watched.remove(path);
                }
                unused = changed.complete(null);
            } else if (event.getState() != Event.KeeperState.SyncConnected) {
                unused = changed.completeExceptionally(
                        new IllegalStateException("the connection to ZooKeeper is gone: " + event.getState()));
            }
        }

        @Override
        public void close() {
            ZooKeeper last = of;
            if (last != null && last.getState().isAlive()) {
                for (String path : watched) {
                    last.removeWatches(path, this, WatcherType.Any, true, (rc, asked, context) -> {}, null);
                }
            }
        }
    }
}
