package io.finback.meshrouter.namers;

import static io.finback.meshrouter.namers.Bindings.await;
import static io.finback.meshrouter.namers.Bindings.bound;
import static io.finback.meshrouter.namers.Bindings.explained;
import static io.finback.meshrouter.namers.FakeThriftNamerd.leaf;
import static io.finback.meshrouter.namers.FakeThriftNamerd.path;
import static io.finback.meshrouter.namers.FakeThriftNamerd.struct;
import static io.finback.meshrouter.namers.FakeThriftNamerd.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.boot.TestRouter;
import io.finback.meshrouter.namers.FakeThriftNamerd.Fields;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.rpc.mux.MuxParams;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code io.l5d.namerd} against Finagle's Mux server and libthrift. */
@Timeout(60)
class NamerdThriftTest {
    private final Streams streams = Usual.streams();
    private final Changes changes = new Changes();

    @AfterEach
    void close() {
        streams.close();
    }

    private Interpreter namerd(int port, Duration pings) {
        return NamerdThrift.start(
                new NamerdThrift.Options(
                        Origin.clear("127.0.0.1", port),
                        "default",
                        new Backoff.Constant(Duration.ofMillis(20)),
                        new MuxParams.Pings(pings, pings)),
                streams,
                changes);
    }

    @Test
    void bindsWhatNamerdSaysByLongPolls() {
        try (FakeThriftNamerd far = new FakeThriftNamerd(0);
                Interpreter namerd = namerd(far.port(), Duration.ofSeconds(5))) {
            assertThat(bound(namerd, "/svc/web")).isEqualTo("pending");
            TestRouter.await("asked", () -> !far.asked.isEmpty());
            assertThat(far.asked.get(0)).isEqualTo("bind {1=, 2={1=, 2=[svc, web], 3=default}, 3=[]}");
            far.bind("/svc/web", leaf("/#/fs/web", "/x"));
            TestRouter.await("asked for addresses", () -> {
                assertThat(bound(namerd, "/svc/web")).isEqualTo("pending");
                return far.asked.contains("addr {1={1=, 2=[#, fs, web], 3=default}, 2=[]}");
            });
            far.addresses("/#/fs/web", "10.0.0.1:80");
            await(namerd, "/svc/web", "/#/fs/web rest /x [10.0.0.1:80]");
            assertThat(namerd.addresses(Path.parse("/#/fs/web")).get().get(0).node())
                    .contains("node");
            assertThat(far.asked).contains("bind {1=, 2={1=s1, 2=[svc, web], 3=default}, 3=[]}");
            far.addresses("/#/fs/web", "10.0.0.1:80", "10.0.0.2:81:2");
            await(namerd, "/svc/web", "/#/fs/web rest /x [10.0.0.1:80, 10.0.0.2:81 * 2.0]");
            far.refuse("addr /#/fs/web", "for now");
            TestRouter.await("refused", () -> namerd.state().toString().contains("namerd says: for now"));
            assertThat(bound(namerd, "/svc/web")).startsWith("/#/fs/web rest /x [10.0.0.1:80, ");
            far.say("addr /#/fs/web", 0, out -> struct(out, 2, value -> struct(value, 2, none -> {})));
            await(namerd, "/svc/web", "/#/fs/web rest /x []");
            far.bind("/svc/web", leaf("/$/inet/1.2.3.4/5", "/"));
            await(namerd, "/svc/web", "/$/inet/1.2.3.4/5 [1.2.3.4:5]");
            Fields alt = node -> {
                node.writeFieldBegin(new TField("", TType.LIST, (short) 5));
                node.writeListBegin(new TList(TType.I32, 2));
                node.writeI32(0);
                node.writeI32(1);
            };
            Fields union = node -> {
                node.writeFieldBegin(new TField("", TType.LIST, (short) 6));
                node.writeListBegin(new TList(TType.STRUCT, 2));
                for (int i = 0; i < 2; i++) {
                    int id = 2 + i;
                    struct(node, weighted -> {
                        weighted.writeFieldBegin(new TField("", TType.DOUBLE, (short) 1));
                        weighted.writeDouble(id / 10.0);
                        weighted.writeFieldBegin(new TField("", TType.I32, (short) 2));
                        weighted.writeI32(id);
                    });
                }
            };
            far.bind(
                    "/svc/web",
                    alt,
                    node -> struct(node, 1, none -> {}),
                    union,
                    leaf("/$/inet/a/1", "/"),
                    leaf("/$/inet/b/2", "/"));
            await(namerd, "/svc/web", "0.20*/$/inet/a/1 [a:1] & 0.30*/$/inet/b/2 [b:2]");
            far.bind("/svc/web", node -> struct(node, 2, none -> {}));
            await(namerd, "/svc/web", "$");
            far.bind("/svc/web", node -> struct(node, 3, none -> {}));
            await(namerd, "/svc/web", "!");
        }
    }

    @Test
    void sendsTheDtabAsItIs() {
        try (FakeThriftNamerd far = new FakeThriftNamerd(0);
                Interpreter namerd = namerd(far.port(), Duration.ofSeconds(5))) {
            Dtab dtab = Dtab.parse("/a/*/c => 0.001 * /x & /y | ~ ; /b => /z");
            assertThatThrownBy(() -> namerd.bind(dtab, Path.of("a"))).isInstanceOf(NotYetKnown.class);
            TestRouter.await("asked", () -> !far.asked.isEmpty());
            String sent = far.asked.get(0).replaceFirst("bind \\{1=", "").replaceFirst(", 2=\\{1=.*", "");
            assertThat(Dtab.parse(sent)).as(sent).isEqualTo(dtab);
        }
    }

    @Test
    void keepsTheLastAnswersWhileNamerdIsAwayAndFollowsItAgain() {
        FakeThriftNamerd first = new FakeThriftNamerd(0);
        int port = first.port();
        first.bind("/svc/web", leaf("/#/fs/web", "/"));
        first.addresses("/#/fs/web", "10.0.0.1:80");
        try (Interpreter namerd = namerd(port, Duration.ofSeconds(5))) {
            await(namerd, "/svc/web", "/#/fs/web [10.0.0.1:80]");
            first.close();
            TestRouter.await("two failing calls", () -> streams.failing() == 2 && streams.failures() > 6);
            assertThat(bound(namerd, "/svc/web")).isEqualTo("/#/fs/web [10.0.0.1:80]");
            try (FakeThriftNamerd second = new FakeThriftNamerd(port)) {
                second.addresses("/#/fs/web", "10.0.0.2:80");
                second.bind("/svc/web", leaf("/#/fs/web", "/new"));
                await(namerd, "/svc/web", "/#/fs/web rest /new [10.0.0.2:80]");
                assertThat(second.asked).as("without the stamps of the other").anyMatch(q -> q.contains("{1=, 2=[svc"));
            }
        }
    }

    @Test
    void explainsAndKnowsItsDtab() {
        try (FakeThriftNamerd far = new FakeThriftNamerd(0);
                Interpreter namerd = namerd(far.port(), Duration.ofSeconds(5))) {
            far.say("dtab", 0, out -> text(out, 2, "/svc => /x;"));
            TestRouter.await("the dtab", () -> namerd.dtab().isPresent());
            assertThat(namerd.dtab()).contains(Dtab.parse("/svc => /x"));
            far.say(
                    "delegate",
                    0,
                    out -> struct(out, 2, tree -> {
                        struct(tree, 1, root -> {
                            path(root, 1, "/svc");
                            text(root, 2, "/\\x2f=>~");
                            struct(root, 3, contents -> {
                                contents.writeFieldBegin(new TField("", TType.I32, (short) 5));
                                contents.writeI32(0);
                            });
                        });
                        FakeThriftNamerd.nodes(tree, 2, node -> {
                            path(node, 1, "/x");
                            text(node, 2, "/svc=>/x");
                            struct(
                                    node,
                                    3,
                                    contents -> struct(contents, 6, FakeThriftNamerd.bound("/$/inet/a/1", "/")));
                        });
                    }));
            Delegation explained = explained(namerd, "/svc");
            assertThat(explained.type()).as(explained.toString()).isEqualTo("delegate");
            assertThat(explained.rule()).isEmpty();
            assertThat(explained.children().get(0).rule()).isEqualTo("/svc => /x");
            assertThat(explained.children().get(0).bound().get(0).id().show()).isEqualTo("/$/inet/a/1");
        }
    }

    @Test
    void takesTenThousandAddresses() {
        try (FakeThriftNamerd far = new FakeThriftNamerd(0);
                Interpreter namerd = namerd(far.port(), Duration.ofSeconds(5))) {
            far.addresses("/#/big", Bindings.many());
            TestRouter.await(
                    "all addresses",
                    () -> namerd.addresses(Path.parse("/#/big")).get().size() == 10_000);
        }
    }

    @Test
    void leavesAPeerThatHangs() throws Exception {
        try (ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Interpreter namerd = namerd(listening.getLocalPort(), Duration.ofMillis(100))) {
            List<java.net.Socket> seen = MeshInterpreterTest.peer(listening, "");
            assertThat(bound(namerd, "/svc/web")).isEqualTo("pending");
            TestRouter.await("it to connect again", () -> seen.size() >= 3);
        }
    }
}
