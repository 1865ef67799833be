package io.finback.meshrouter.namers;

import static io.finback.meshrouter.namers.Bindings.await;
import static io.finback.meshrouter.namers.Bindings.bound;
import static io.finback.meshrouter.namers.Bindings.explained;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.boot.TestRouter;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.rpc.h2.H2Params;
import io.finback.names.Address;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code io.l5d.mesh} against gRPC-Java's server with protobuf's own messages. */
@Timeout(60)
class MeshInterpreterTest {
    private final Streams streams = Usual.streams();
    private final Changes changes = new Changes();

    @AfterEach
    void close() {
        streams.close();
    }

    private Interpreter mesh(int port) {
        return mesh(port, Duration.ofSeconds(5));
    }

    private Interpreter mesh(int port, Duration pings) {
        return MeshInterpreter.start(
                new MeshInterpreter.Options(
                        Origin.clear("127.0.0.1", port),
                        Path.of("default"),
                        new Backoff.Constant(Duration.ofMillis(20)),
                        new H2Params.Pings(pings, pings),
                        1 << 20),
                streams,
                changes);
    }

    @Test
    void bindsWhatNamerdSays() throws IOException {
        try (FakeNamerd namerd = new FakeNamerd(0);
                Interpreter mesh = mesh(namerd.port())) {
            assertThat(bound(mesh, "/svc/web")).isEqualTo("pending");
            TestRouter.await("asked", () -> namerd.asked.contains(FakeNamerd.bindQuestion("/svc/web")));
            namerd.bind("/svc/web", MeshProto.leaf("/#/fs/web", "/x"));
            TestRouter.await("asked for addresses", () -> {
                assertThat(bound(mesh, "/svc/web")).isEqualTo("pending");
                return namerd.asked.contains(FakeNamerd.replicasQuestion("/#/fs/web"));
            });
            namerd.say(FakeNamerd.replicasQuestion("/#/fs/web"), MeshProto.bytes("Replicas", "pending { }"));
            namerd.replicas("/#/fs/web", "10.0.0.1:80");
            await(mesh, "/svc/web", "/#/fs/web rest /x [10.0.0.1:80]");
            long version = changes.version();
            namerd.say(
                    FakeNamerd.replicasQuestion("/#/fs/web"),
                    MeshProto.bytes(
                            "Replicas",
                            "bound { " + MeshProto.endpoint("10.0.0.2:81")
                                    + " endpoints { inet_af: 1 address: \"" + "\\000".repeat(15) + "\\001\" port: 82"
                                    + " meta { nodeName: \"n\" } metadata { key: \"endpoint_addr_weight\" value: \"2.5\" } } }"));
            await(mesh, "/svc/web", "/#/fs/web rest /x [0:0:0:0:0:0:0:1:82 * 2.5, 10.0.0.2:81]");
            assertThat(changes.version()).as("the name itself did not change").isEqualTo(version);
            namerd.bind("/svc/web", MeshProto.leaf("/$/inet/1.2.3.4/5", "/"));
            await(mesh, "/svc/web", "/$/inet/1.2.3.4/5 [1.2.3.4:5]");
            namerd.bind(
                    "/svc/web",
                    "alt { trees { neg { } } trees { union { trees { weight: 0.25 tree { "
                            + MeshProto.leaf("/$/inet/a/1", "/") + " } } trees { weight: 0.75 tree { "
                            + MeshProto.leaf("/$/inet/b/2", "/") + " } } trees { weight: 1 tree { fail { } } } } } }");
            await(mesh, "/svc/web", "0.25*/$/inet/a/1 [a:1] & 0.75*/$/inet/b/2 [b:2]");
            for (String[] node : new String[][] {{"neg { }", "~"}, {"empty { }", "$"}, {"fail { }", "!"}}) {
                namerd.bind("/svc/web", node[0]);
                await(mesh, "/svc/web", node[1]);
            }
            assertThat(mesh.state().toString()).contains("/svc/web=!").contains("trouble=none");
        }
    }

    @Test
    void sendsTheDtabAsItIs() throws IOException {
        try (FakeNamerd namerd = new FakeNamerd(0);
                Interpreter mesh = mesh(namerd.port())) {
            Dtab dtab = Dtab.parse("/a/*/c => 0.001 * /x & /y | ~ | ! | $ ; /\\x00\\xff => /z");
            assertThatThrownBy(() -> mesh.bind(dtab, Path.of("a"))).isInstanceOf(NotYetKnown.class);
            TestRouter.await("asked", () -> !namerd.asked.isEmpty());
            assertThat(namerd.asked.get(0)).isEqualTo(FakeNamerd.question("BindReq", """
                    root { elems: "default" } name { elems: "a" } dtab {
                      dentries { prefix { elems { label: "a" } elems { wildcard { } } elems { label: "c" } } dst { alt {
                        trees { union {
                          trees { weight: 0.001 tree { leaf { id { elems: "x" } } } }
                          trees { weight: 1 tree { leaf { id { elems: "y" } } } } } }
                        trees { nop: 0 } trees { nop: 1 } trees { nop: 2 } } } }
                      dentries { prefix { elems { label: "\\000\\377" } } dst { leaf { id { elems: "z" } } } } }"""));
        }
    }

    @Test
    void keepsTheLastAnswersWhileNamerdIsAwayAndFollowsItAgain() throws IOException {
        FakeNamerd first = new FakeNamerd(0);
        int port = first.port();
        first.bind("/svc/web", MeshProto.leaf("/#/fs/web", "/"));
        first.replicas("/#/fs/web", "10.0.0.1:80");
        try (Interpreter mesh = mesh(port)) {
            await(mesh, "/svc/web", "/#/fs/web [10.0.0.1:80]");
            first.close();
            TestRouter.await("two failing streams", () -> streams.failing() == 2 && streams.failures() > 6);
            assertThat(bound(mesh, "/svc/web")).isEqualTo("/#/fs/web [10.0.0.1:80]");
            assertThat(mesh.state().get("trouble").toString()).contains("cannot connect to 127.0.0.1:" + port);
            try (FakeNamerd second = new FakeNamerd(port)) {
                second.replicas("/#/fs/web", "10.0.0.2:80");
                second.bind("/svc/web", MeshProto.leaf("/#/fs/web", "/new"));
                await(mesh, "/svc/web", "/#/fs/web rest /new [10.0.0.2:80]");
                assertThat(streams.failing()).isZero();
                assertThat(mesh.state()).containsEntry("trouble", "none");
            }
        }
    }

    @Test
    void beginsAgainWhatNamerdEndsAndPassesOverWhatItCannotSay() throws IOException {
        try (FakeNamerd namerd = new FakeNamerd(0);
                Interpreter mesh = mesh(namerd.port())) {
            String question = FakeNamerd.bindQuestion("/svc/web");
            namerd.bind("/svc/web", MeshProto.leaf("/$/inet/a/1", "/"));
            await(mesh, "/svc/web", "/$/inet/a/1 [a:1]");
            for (Status status : List.of(Status.OK, Status.UNAVAILABLE, Status.INTERNAL.withDescription("odd"))) {
                int before = namerd.asked.size();
                namerd.end(question, status);
                TestRouter.await("asked again after " + status, () -> namerd.asked.size() > before);
                assertThat(bound(mesh, "/svc/web")).isEqualTo("/$/inet/a/1 [a:1]");
            }
            int before = namerd.asked.size();
            namerd.say(question, "rubbish".getBytes(StandardCharsets.UTF_8));
            TestRouter.await("asked again", () -> namerd.asked.size() > before + 1);
            assertThat(mesh.state().get("trouble").toString()).contains("protocol message");
            assertThat(bound(mesh, "/svc/web")).isEqualTo("/$/inet/a/1 [a:1]");
            namerd.bind("/svc/web", MeshProto.leaf("/$/inet/b/2", "/"));
            await(mesh, "/svc/web", "/$/inet/b/2 [b:2]");
            String replicas = FakeNamerd.replicasQuestion("/#/x");
            namerd.replicas("/#/x", "10.0.0.1:80");
            TestRouter.await(
                    "addresses", () -> !mesh.addresses(Path.parse("/#/x")).get().isEmpty());
            namerd.say(replicas, MeshProto.bytes("Replicas", "failed { message: \"gone\" }"));
            TestRouter.await(
                    "told", () -> mesh.state().get("trouble").toString().contains("namerd says: gone"));
            assertThat(mesh.addresses(Path.parse("/#/x")).get()).containsExactly(new Address("10.0.0.1", 80));
            namerd.say(
                    replicas,
                    MeshProto.bytes(
                            "Replicas",
                            "bound { endpoints { address: \"\\012\\000\\000\\001\" port: 81 meta { nodeName: \"a\" } } }"));
            TestRouter.await("its node", () -> mesh.addresses(Path.parse("/#/x"))
                    .get()
                    .equals(List.of(new Address("10.0.0.1", 81).on("a"))));
            namerd.say(replicas, MeshProto.bytes("Replicas", "neg { }"));
            TestRouter.await(
                    "nobody", () -> mesh.addresses(Path.parse("/#/x")).get().isEmpty());
        }
    }

    @Test
    void takesTenThousandAddresses() throws IOException {
        try (FakeNamerd namerd = new FakeNamerd(0);
                Interpreter mesh = mesh(namerd.port())) {
            namerd.replicas("/#/big", Bindings.many());
            TestRouter.await(
                    "all addresses",
                    () -> mesh.addresses(Path.parse("/#/big")).get().size() == 10_000);
        }
    }

    @Test
    void explainsAsNamerdDoes() throws IOException {
        try (FakeNamerd namerd = new FakeNamerd(0);
                Interpreter mesh = mesh(namerd.port())) {
            String nop = "dentry { prefix { elems { label: \"/\" } } dst { nop: 0 } }";
            namerd.say(
                    FakeNamerd.question(
                            "DelegateTreeReq",
                            "root { elems: \"default\" } tree { leaf { id { elems: \"svc\" } } } dtab { }"),
                    MeshProto.bytes(
                            "DelegateTreeRsp",
                            "tree { path { elems: \"svc\" } " + nop
                                    + " alt { trees { path { elems: \"a\" } dentry { prefix { elems { label: \"svc\" } } dst { leaf { id {"
                                    + " elems: \"a\" } } } } " + MeshProto.leaf("/$/inet/1/2", "/r") + " }"
                                    + " trees { path { elems: \"b\" } " + nop + " exception: \"boo\" }"
                                    + " trees { path { elems: \"c\" } " + nop
                                    + " transformation { name: \"t\" tree { path { elems: \"d\" } "
                                    + nop + " neg { } } } } } }"));
            Delegation explained = explained(mesh, "/svc");
            assertThat(explained.type()).as(explained.toString()).isEqualTo("alt");
            assertThat(explained.rule()).isEmpty();
            assertThat(explained.children())
                    .extracting(Delegation::type, Delegation::rule, Delegation::message)
                    .containsExactly(
                            org.assertj.core.groups.Tuple.tuple("leaf", "/svc => /a", ""),
                            org.assertj.core.groups.Tuple.tuple("exception", "", "boo"),
                            org.assertj.core.groups.Tuple.tuple("delegate", "", ""));
            assertThat(explained.children().get(0).bound().get(0).id().show()).isEqualTo("/$/inet/1/2");
            Delegation unknown = explained(mesh, "/other");
            assertThat(unknown.type()).isEqualTo("exception");
            assertThat(unknown.message()).contains("gRPC status 5: no such root: ü%");
        }
    }

    @Test
    void knowsItsDtabAndStopsAskingWhenClosed() throws IOException {
        try (FakeNamerd namerd = new FakeNamerd(0)) {
            Interpreter mesh = mesh(namerd.port());
            namerd.say(
                    FakeNamerd.question("DtabReq", "root { elems: \"default\" }"),
                    MeshProto.bytes(
                            "DtabRsp",
                            "dtab { version { id: \"1\" } dtab { dentries { prefix { elems {"
                                    + " label: \"svc\" } elems { wildcard { } } } dst { leaf { id { elems: \"x\" } } } } } }"));
            TestRouter.await("the dtab", () -> mesh.dtab().isPresent());
            assertThat(mesh.dtab()).contains(Dtab.parse("/svc/* => /x"));
            mesh.close();
            TestRouter.await("the stream to end", () -> namerd.ended.size() == 1);
            assertThat(streams.watches()).isZero();
        }
    }

    /** A peer that accepts and then does what it is told; sockets it has seen. */
    static List<Socket> peer(ServerSocket listening, String says) {
        List<Socket> seen = new CopyOnWriteArrayList<>();
        Thread thread = new Thread(() -> {
            try {
                while (true) {
                    Socket socket = listening.accept();
                    seen.add(socket);
                    socket.getOutputStream().write(says.getBytes(StandardCharsets.ISO_8859_1));
                    socket.getOutputStream().flush();
                }
            } catch (IOException e) {
                // the test has closed it
            }
        });
        thread.setDaemon(true);
        thread.start();
        return seen;
    }

    @Test
    void leavesAPeerThatHangsOrAnswersRubbish() throws IOException {
        for (String says : List.of("", "HTTP/1.1 200 OK\r\n\r\n", "\0\0\0\4\0\0\0\0\0")) {
            try (ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                    Interpreter mesh = mesh(listening.getLocalPort(), Duration.ofMillis(100))) {
                List<Socket> seen = peer(listening, says);
                assertThat(bound(mesh, "/svc/web")).isEqualTo("pending");
                TestRouter.await("it to connect again after '" + says + "'", () -> seen.size() >= 3);
                assertThat(bound(mesh, "/svc/web")).isEqualTo("pending");
            }
        }
    }
}
