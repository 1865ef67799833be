package io.finback.meshrouter.boot;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ddata.Key;
import akka.cluster.ddata.LWWMap;
import akka.cluster.ddata.SelfUniqueAddress;
import akka.cluster.ddata.typed.javadsl.DistributedData;
import akka.cluster.ddata.typed.javadsl.Replicator;
import com.typesafe.config.ConfigFactory;
import io.finback.meshrouter.http.RawBackend;
import io.finback.meshrouter.http.RawClient;
import io.finback.meshrouter.http.RawClient.Response;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Role;
import io.finback.wire.AppEndpoints;
import io.finback.wire.EndpointsKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A router with a master: names by app path, endpoints that follow, and the last good ones when masters are gone. */
class RouterClusterTest {
    @TempDir
    Path data;

    /** Writes what it is told into the endpoints, as an app's entity does. */
    private static Behavior<AppEndpoints> publisher() {
        return Behaviors.setup(context -> {
            DistributedData distributed = DistributedData.get(context.getSystem());
            SelfUniqueAddress self = distributed.selfUniqueAddress();
            return Behaviors.receive(AppEndpoints.class)
                    .onAnyMessage(endpoints -> {
                        Key<LWWMap<String, AppEndpoints>> key = EndpointsKeys.of(endpoints.appId());
                        distributed
                                .replicator()
                                .tell(new Replicator.Update<>(
                                        key,
                                        LWWMap.empty(),
                                        Replicator.writeLocal(),
                                        context.getSystem().ignoreRef(),
                                        map -> map.put(self, endpoints.appId(), endpoints, EndpointsKeys.clock())));
                        return Behaviors.same();
                    })
                    .build();
        });
    }

    private ActorSystem<AppEndpoints> master(int port) {
        return ClusterSystem.member(
                publisher(),
                ConfigFactory.parseMap(Map.of(
                                "finback.cluster.port",
                                port,
                                "finback.data-dir",
                                data.resolve("m" + port).toString()))
                        .withFallback(ConfigFactory.defaultReference())
                        .resolve(),
                Role.MASTER);
    }

    private static AppEndpoints app(String id, long revision, RawBackend... backends) {
        return new AppEndpoints(
                id,
                revision,
                Stream.of(backends)
                        .map(b -> new AppEndpoints.Instance("t" + b.port(), "127.0.0.1", List.of(b.port())))
                        .toList());
    }

    private static String get(TestRouter router, String host) {
        try {
            Response response = RawClient.get(router.port(), host, "/");
            return response.status() == 200 ? response.text() : "status " + response.status();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static boolean admin(TestRouter router, String pattern) {
        try {
            return router.admin("/finback/endpoints.json").contains(pattern);
        } catch (IOException e) {
            return false;
        }
    }

    private static void end(ActorSystem<?> system) throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    @Test
    void followsEndpointsAndKeepsTheLastGood() throws Exception {
        int port = ProxyErrorsTest.closedPort();
        ActorSystem<AppEndpoints> master = master(port);
        try (RawBackend web = RawBackend.answering("web");
                RawBackend api = RawBackend.answering("api");
                RawBackend newer = RawBackend.answering("newer");
                RawBackend moved = RawBackend.answering("moved");
                TestRouter router = new TestRouter(
                        "/svc => /#/io.finback", Map.of("finback.cluster.seeds", List.of("127.0.0.1:" + port)))) {
            router.node.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
            master.tell(app("/web", 1, web));
            master.tell(app("/shop/api", 1, api));
            TestRouter.await("web", () -> get(router, "web").equals("web"));
            TestRouter.await("api.shop", () -> get(router, "API.shop:4140").equals("api"));
            assertThat(RawClient.once(router.port(), "GET / HTTP/1.1\r\nHost: x\r\nl5d-name: /svc/shop/api\r\n\r\n")
                            .text())
                    .isEqualTo("api");
            assertThat(get(router, "unknown")).isEqualTo("status 502");
            TestRouter.await("shown", () -> admin(router, "\"connected\" : true") && admin(router, "\"ageMs\" : 0"));

            master.tell(app("/shop/api", 2));
            TestRouter.await("nobody ready", () -> get(router, "api.shop").equals("status 502"));
            master.tell(app("/shop/api", 3, newer));
            TestRouter.await("newer", () -> get(router, "api.shop").equals("newer"));

            end(master);
            TestRouter.await("cut off", () -> admin(router, "\"connected\" : false"));
            assertThat(get(router, "web")).isEqualTo("web");
            assertThat(admin(router, "\"ageMs\" : 0,")).isFalse();

            ActorSystem<AppEndpoints> next = master(port);
            try {
                TestRouter.await("connected again", () -> admin(router, "\"connected\" : true"));
                assertThat(admin(router, "\"link\" : 1,")).isFalse(); // another membership, with an empty replica
                assertThat(get(router, "web")).isEqualTo("web");
                next.tell(app("/web", 2, moved));
                TestRouter.await("web moved", () -> get(router, "web").equals("moved"));
                assertThat(get(router, "api.shop")).isEqualTo("newer");
            } finally {
                end(next);
            }
        }
    }

    @Test
    void servesWithoutMastersAndSaysThatItKnowsNothingYet() throws Exception {
        try (RawBackend web = RawBackend.answering("web");
                TestRouter router = new TestRouter(
                        "/svc => /#/io.finback;/svc/fixed => " + ProxyTest.inet(web),
                        Map.of("finback.cluster.seeds", List.of("127.0.0.1:" + ProxyErrorsTest.closedPort())))) {
            assertThat(get(router, "fixed")).isEqualTo("web");
            assertThat(get(router, "web")).isEqualTo("status 503");
            assertThat(router.node.ready().toCompletableFuture().isDone()).isFalse();
            assertThat(admin(router, "\"ageMs\" : -1")).isTrue();
        }
    }
}
