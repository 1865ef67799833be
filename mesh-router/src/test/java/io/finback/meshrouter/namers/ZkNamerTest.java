package io.finback.meshrouter.namers;

import static io.finback.meshrouter.namers.RealZooKeeper.member;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.boot.TestRouter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code io.l5d.serversets} and {@code io.l5d.zkLeader} against ZooKeeper's own server. */
@Timeout(120)
class ZkNamerTest {
    @TempDir
    java.nio.file.Path directory;

    private final Streams streams = Usual.streams();
    private final Changes changes = new Changes();
    private RealZooKeeper zookeeper;
    private NameSource source;
    private Interpreter interpreter;

    @BeforeEach
    void start() throws Exception {
        zookeeper = new RealZooKeeper(directory);
    }

    @AfterEach
    void close() throws Exception {
        if (source != null) {
            source.close();
        }
        streams.close();
        zookeeper.close();
    }

    private void serversets(String servers) {
        source = ZkNamer.serversets(io.finback.names.Path.parse("/#/zk"), servers, streams, changes);
        interpreter = DtabInterpreter.of(List.of(source));
    }

    private String bound(String name) {
        return Bindings.bound(interpreter, name);
    }

    private void await(String name, String expected) {
        Bindings.await(interpreter, name, expected);
    }

    @Test
    void followsAServersetWithItsEndpointsAndShards() throws Exception {
        serversets(zookeeper.address());
        assertThat(bound("/#/zk/discovery/prod/web/x/y")).isEqualTo("pending");
        await("/#/zk/discovery/prod/web/x/y", "~");
        String first = zookeeper.create("/discovery/prod/web/member_", member("10.0.0.1", 80, "ALIVE", ",\"shard\":1"));
        await("/#/zk/discovery/prod/web/x/y", "/#/zk/discovery/prod/web rest /x/y [10.0.0.1:80]");
        String second =
                zookeeper.create("/discovery/prod/web/member_", member("10.0.0.2", 80, "STARTING", ",\"shard\":2"));
        zookeeper.create("/discovery/prod/web/member_", "rubbish");
        zookeeper.create(
                "/discovery/prod/web/member_",
                "{\"serviceEndpoint\":{\"host\":\"a\",\"port\":\"80\"},\"status\":\"ALIVE\"}");
        zookeeper.create("/discovery/prod/web/other_", member("10.0.0.9", 80, "ALIVE", ""));
        zookeeper.write(second, member("10.0.0.2", 80, "ALIVE", ",\"shard\":2"));
        await("/#/zk/discovery/prod/web", "/#/zk/discovery/prod/web [10.0.0.1:80, 10.0.0.2:80]");
        await("/#/zk/discovery/prod/web:http", "/#/zk/discovery/prod/web:http [10.0.0.1:81, 10.0.0.2:81]");
        await("/#/zk/discovery/prod/web:http#2", "/#/zk/discovery/prod/web:http#2 [10.0.0.2:81]");
        await("/#/zk/discovery/prod/web#1/r", "/#/zk/discovery/prod/web#1 rest /r [10.0.0.1:80]");
        await("/#/zk/discovery/prod/web:none", "~");
        await("/#/zk/discovery/prod/web:a:b", "~");
        await("/#/zk/discovery/./web", "~");
        zookeeper.delete(first);
        await("/#/zk/discovery/prod/web", "/#/zk/discovery/prod/web [10.0.0.2:80]");
        zookeeper.write(second, member("10.0.0.2", 80, "STOPPING", ""));
        await("/#/zk/discovery/prod/web", "~");
        assertThat(source.state())
                .containsEntry("zookeeper", "SyncConnected")
                .containsEntry("/discovery/prod/web", "neg");
    }

    @Test
    void followsTheInstancesOfAServiceOfCurators() throws Exception {
        source = ZkNamer.curator(
                io.finback.names.Path.parse("/#/c"), zookeeper.address(), "/services", streams, changes);
        interpreter = DtabInterpreter.of(List.of(source));
        await("/#/c/web/x", "~");
        zookeeper.create("/services/web/1", instance("10.0.0.1", "80", "null", ""));
        zookeeper.create("/services/web/2", instance("10.0.0.2", "80", "443", ",\"payload\":{\"any\":1}"));
        zookeeper.create("/services/web/3", instance("10.0.0.3", "80", "null", ",\"enabled\":false"));
        zookeeper.create("/services/web/4", "rubbish");
        zookeeper.create("/services/web/5", instance("10.0.0.5", "null", "null", ""));
        await("/#/c/web/x", "/#/c/web rest /x [10.0.0.1:80, 10.0.0.2:443]");
        zookeeper.write("/services/web/3", instance("10.0.0.3", "80", "null", ",\"enabled\":true"));
        zookeeper.delete("/services/web/2");
        await("/#/c/web", "/#/c/web [10.0.0.1:80, 10.0.0.3:80]");
        zookeeper.expireSessions();
        zookeeper.delete("/services/web/1");
        await("/#/c/web", "/#/c/web [10.0.0.3:80]");
        zookeeper.stop();
        assertThat(bound("/#/c/web")).isEqualTo("/#/c/web [10.0.0.3:80]");
    }

    private static String instance(String address, String port, String sslPort, String more) {
        return "{\"name\":\"web\",\"id\":\"1\",\"address\":\"" + address + "\",\"port\":" + port + ",\"sslPort\":"
                + sslPort + ",\"serviceType\":\"DYNAMIC\"" + more + "}";
    }

    @Test
    void takesWeightsFromVectors() throws Exception {
        String first = zookeeper.create("/web/member_", member("10.0.0.1", 80, "ALIVE", ",\"shard\":1"));
        zookeeper.create("/web/member_", member("10.0.0.2", 80, "ALIVE", ",\"shard\":2"));
        zookeeper.create("/web/member_", member("10.0.0.3", 80, "ALIVE", ",\"shard\":3"));
        zookeeper.create(
                "/web/vector_",
                "{\"vector\":[{\"select\":\"inet=10.0.0.1:80\",\"weight\":0.5,\"priority\":1},"
                        + "{\"select\":\"member=" + first.substring(5)
                        + "\",\"weight\":0.5},{\"select\":\"shard=3\",\"weight\":-1.0}]}");
        serversets(zookeeper.address());
        await("/#/zk/web", "/#/zk/web [10.0.0.1:80 * 0.25, 10.0.0.2:80]");
    }

    @Test
    void keepsTheLastAddressesWhileZooKeeperIsAwayAndFollowsItAgain() throws Exception {
        zookeeper.create("/web/member_", member("10.0.0.1", 80, "ALIVE", ""));
        serversets(zookeeper.address());
        await("/#/zk/web", "/#/zk/web [10.0.0.1:80]");
        zookeeper.stop();
        TestRouter.await("its absence to be noticed", () -> streams.failing() == 1);
        assertThat(bound("/#/zk/web")).isEqualTo("/#/zk/web [10.0.0.1:80]");
        // Who is told first of a lost connection is left to ZooKeeper's client.
        TestRouter.await("its state", () -> "Disconnected".equals(source.state().get("zookeeper")));
        zookeeper.start();
        TestRouter.await("its return to be noticed", () -> streams.failing() == 0);
        zookeeper.create("/web/member_", member("10.0.0.2", 80, "ALIVE", ""));
        await("/#/zk/web", "/#/zk/web [10.0.0.1:80, 10.0.0.2:80]");
        for (int i = 0; i < 3; i++) {
            String added = zookeeper.create("/web/member_", member("10.0.1.1", 80, "ALIVE", ""));
            zookeeper.expireSessions();
            await("/#/zk/web", "/#/zk/web [10.0.0.1:80, 10.0.0.2:80, 10.0.1.1:80]");
            zookeeper.delete(added);
            await("/#/zk/web", "/#/zk/web [10.0.0.1:80, 10.0.0.2:80]");
        }
    }

    @Test
    void waitsForAnEnsembleAndPassesOverServersThatHangOrSayRubbish() throws Exception {
        zookeeper.create("/web/member_", member("10.0.0.1", 80, "ALIVE", ""));
        for (String says : List.of("", "HTTP/1.1 400 Bad Request\r\n\r\n")) {
            try (ServerSocket odd = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
                List<Socket> seen = MeshInterpreterTest.peer(odd, says);
                serversets("127.0.0.1:" + odd.getLocalPort());
                assertThat(bound("/#/zk/web")).isEqualTo("pending");
                TestRouter.await("it to connect", () -> !seen.isEmpty());
                assertThat(bound("/#/zk/web")).isEqualTo("pending");
                source.close();
                serversets("127.0.0.1:" + odd.getLocalPort() + "," + zookeeper.address());
                await("/#/zk/web", "/#/zk/web [10.0.0.1:80]");
                source.close();
            }
        }
    }

    @Test
    void takesTenThousandMembersAndGivesItsWatchesBack() throws Exception {
        List<java.util.concurrent.CompletableFuture<String>> made = new java.util.ArrayList<>();
        zookeeper.create("/big", "");
        for (int i = 0; i < 10_000; i++) {
            made.add(zookeeper.createLater("/big/member_", member("10.1." + i / 250 + "." + i % 250, 80, "ALIVE", "")));
        }
        made.forEach(java.util.concurrent.CompletableFuture::join);
        serversets(zookeeper.address());
        TestRouter.await("all members", () -> {
            var addresses = source.addresses(io.finback.names.Path.parse("/#/zk/big"))
                    .orElseThrow()
                    .get();
            return addresses.size() == 10_000;
        });
        assertThat(zookeeper.watches()).isEqualTo(10_001);
        zookeeper.delete(made.get(7).join());
        TestRouter.await("one less", () -> {
            var addresses = source.addresses(io.finback.names.Path.parse("/#/zk/big"))
                    .orElseThrow()
                    .get();
            return addresses.size() == 9_999;
        });
        source.close();
        TestRouter.await("no watches", () -> zookeeper.watches() == 0);
    }

    @Test
    void followsTheLeaderOfAGroup() throws Exception {
        source = ZkNamer.leaders(io.finback.names.Path.parse("/#/lead"), zookeeper.address(), streams, changes);
        interpreter = DtabInterpreter.of(List.of(source));
        await("/#/lead/group/x", "~");
        String first = zookeeper.create("/group/member_", "10.0.0.1:80");
        String second = zookeeper.create("/group/member_", "10.0.0.2:80,10.0.0.3:81");
        await("/#/lead/group/x", "/#/lead/group rest /x [10.0.0.1:80]");
        zookeeper.delete(first);
        await("/#/lead/group", "/#/lead/group [10.0.0.2:80, 10.0.0.3:81]");
        zookeeper.write(second, "nobody");
        await("/#/lead/group", "~");
    }

    @Test
    void nothingOfItRunsBeforeANameIsAskedFor() {
        serversets(zookeeper.address());
        assertThat(source.state()).containsEntry("zookeeper", "not asked yet");
    }
}
