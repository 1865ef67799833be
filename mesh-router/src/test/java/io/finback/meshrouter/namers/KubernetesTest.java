package io.finback.meshrouter.namers;

import static io.finback.meshrouter.namers.Bindings.bound;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.boot.TestRouter;
import io.finback.meshrouter.namers.FarEnd.Answer;
import io.finback.meshrouter.namers.Ingresses.Backend;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.names.Address;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is followed at the Kubernetes API, and Consul's dtabs, against recorded exchanges. */
@Timeout(60)
class KubernetesTest {
    private final Streams streams = Usual.streams();
    private final Changes changes = new Changes();

    @AfterEach
    void close() {
        streams.close();
    }

    /** Lists {@code items} of {@code collection}, and then streams what the test writes; 404 for everything else. */
    private static FarEnd api(String collection, Supplier<String> items) throws IOException {
        AtomicReference<FarEnd> self = new AtomicReference<>();
        FarEnd far = new FarEnd(uri -> {
            if (!uri.startsWith(collection)) {
                return Answer.status(404);
            }
            return uri.contains("watch=true")
                    ? Answer.stream(self.get().stream("watch"))
                    : Answer.of("{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[" + items.get() + "]}");
        });
        self.set(far);
        return far;
    }

    private static void event(FarEnd far, String type, String object) {
        far.stream("watch").add("{\"type\":\"" + type + "\",\"object\":" + object + "}");
    }

    private static void await(Supplier<String> actual, String expected) {
        AtomicReference<String> last = new AtomicReference<>("");
        TestRouter.await(expected + ", but was " + last, () -> {
            last.set(actual.get());
            return last.get().equals(expected);
        });
    }

    private static String service(String ingress) {
        return "{\"metadata\":{\"name\":\"web\"},\"spec\":{\"ports\":[{\"name\":\"http\",\"port\":80},{\"name\":\"admin\",\"port\":90}]},"
                + "\"status\":{\"loadBalancer\":{\"ingress\":[" + ingress + "]}}}";
    }

    @Test
    void followsLoadBalancersOfServices() throws IOException {
        String collection = "/api/v1/namespaces/prod/services?fieldSelector=metadata.name%3Dweb&labelSelector=v%3D1";
        try (FarEnd far = api(collection, () -> service("{\"ip\":\"1.2.3.4\"}"))) {
            NameSource source =
                    K8sExternal.start(Path.parse("/#/e"), "127.0.0.1", far.port(), Optional.of("v"), streams, changes);
            Interpreter interpreter = DtabInterpreter.of(List.of(source));
            await(() -> bound(interpreter, "/#/e/prod/HTTP/web/1"), "/#/e/prod/HTTP/web/1 [1.2.3.4:80]");
            assertThat(far.requests.get(0)).isEqualTo(collection);
            await(() -> bound(interpreter, "/#/e/prod/90/web/1"), "/#/e/prod/90/web/1 [1.2.3.4:90]");
            await(() -> bound(interpreter, "/#/e/prod/other/web/1"), "~");
            TestRouter.await(
                    "three watches",
                    () -> far.requests.stream()
                                    .filter(uri -> uri.contains("watch=true"))
                                    .count()
                            == 3);
            // They take turns.
            for (int i = 0; i < 9; i++) {
                event(far, "MODIFIED", service("{\"hostname\":\"lb.test\",\"ip\":\"1.2.3.4\"},{\"ip\":\"5.6.7.8\"}"));
            }
            await(() -> bound(interpreter, "/#/e/prod/HTTP/web/1"), "/#/e/prod/HTTP/web/1 [5.6.7.8:80, lb.test:80]");
            source.close();
        }
    }

    private static String configMap(String dtab) {
        return "{\"metadata\":{\"name\":\"dtabs\"},\"data\":{\"main\":\"" + dtab + "\"}}";
    }

    @Test
    void readsTheDtabOfAConfigMap() throws IOException {
        AtomicReference<String> listed = new AtomicReference<>(configMap("/svc => /$/inet/a/1;"));
        try (FarEnd far = api("/api/v1/namespaces/infra/configmaps?fieldSelector=metadata.name%3Ddtabs", listed::get)) {
            WatchedDtab dtab =
                    WatchedDtab.configMap("127.0.0.1", far.port(), "infra", "dtabs", "main", streams, changes);
            assertThatThrownBy(dtab::get).isInstanceOf(NotYetKnown.class);
            Interpreter interpreter = DtabInterpreter.of("io.l5d.k8s.configMap", dtab, List.of(), dtab);
            await(() -> bound(interpreter, "/svc"), "/$/inet/a/1 [a:1]");
            event(far, "MODIFIED", configMap("/svc => /$/inet/b/2"));
            await(() -> bound(interpreter, "/svc"), "/$/inet/b/2 [b:2]");
            event(far, "MODIFIED", configMap("/svc => => rubbish"));
            listed.set(configMap("/svc => /$/inet/c/3"));
            event(far, "ERROR", "{\"code\":410,\"message\":\"too old resource version\"}");
            await(() -> bound(interpreter, "/svc"), "/$/inet/c/3 [c:3]");
            TestRouter.await(
                    "the second watch",
                    () -> far.requests.stream()
                                    .filter(uri -> uri.contains("watch=true"))
                                    .count()
                            == 2);
            // The server's side of the watch that has ended takes two of them before it notices.
            for (int i = 0; i < 3; i++) {
                event(far, "DELETED", configMap("/svc => /$/inet/c/3"));
            }
            await(() -> bound(interpreter, "/svc"), "~");
            assertThat(interpreter.dtab()).contains(Dtab.EMPTY);
            interpreter.close();
            assertThat(streams.watches()).isZero();
        }
    }

    @Test
    void keepsADtabThatItCannotReadAnew() throws IOException {
        try (FarEnd far = api("/api/v1/namespaces/n/configmaps", () -> configMap("/svc => /$/inet/a/1;"))) {
            WatchedDtab dtab = WatchedDtab.configMap("127.0.0.1", far.port(), "n", "dtabs", "main", streams, changes);
            await(() -> known(dtab), "/svc => /$/inet/a/1");
            event(far, "MODIFIED", configMap("nonsense"));
            far.stream("watch").add("{\"type\":\"BOOKMARK\"}");
            far.stream("watch").add("");
            TestRouter.await("it to be listed again", () -> far.requests.size() >= 3);
            assertThat(known(dtab)).isEqualTo("/svc => /$/inet/a/1");
            dtab.close();
        }
    }

    private static String known(WatchedDtab dtab) {
        try {
            return dtab.get().show();
        } catch (NotYetKnown e) {
            return "pending";
        }
    }

    @Test
    void readsTheDtabOfAConsulKey() throws IOException {
        BlockingQueue<String> second = new LinkedBlockingQueue<>();
        AtomicReference<Answer> first = new AtomicReference<>(new Answer(404, "", "X-Consul-Index", "3", null));
        FarEnd.Recording recording = uri -> {
            if (!uri.contains("index=")) {
                return first.get();
            }
            try {
                String body = second.take();
                return body.equals("500")
                        ? Answer.status(500)
                        : Answer.of(body, "X-Consul-Index", uri.contains("index=3") ? "4" : "5");
            } catch (InterruptedException e) {
                return Answer.status(500);
            }
        };
        try (FarEnd far = new FarEnd(recording)) {
            WatchedDtab dtab = WatchedDtab.consul(
                    new WatchedDtab.ConsulKey(
                            Origin.clear("127.0.0.1", far.port()),
                            "namerd/dtabs/shop",
                            Optional.of("secret"),
                            Optional.of("dc1"),
                            "stale",
                            new Backoff.Constant(Duration.ofMillis(20))),
                    streams,
                    changes);
            await(() -> known(dtab), "");
            assertThat(far.requests.get(0)).isEqualTo("/v1/kv/namerd/dtabs/shop?raw=true&dc=dc1&stale");
            second.add("/svc => /a");
            await(() -> known(dtab), "/svc => /a");
            second.add("rubbish");
            second.add("/svc => /b");
            await(() -> known(dtab), "/svc => /b");
            first.set(Answer.of("/svc => /c", "X-Consul-Index", "9"));
            second.add("500");
            await(() -> known(dtab), "/svc => /c");
            dtab.close();
        }
    }

    @Test
    void replacesAddressesByTheDaemonsOfTheirNodes() throws IOException {
        AtomicReference<FarEnd> self = new AtomicReference<>();
        String endpoints =
                "{\"subsets\":[{\"addresses\":[{\"ip\":\"10.0.1.9\"},{\"ip\":\"10.0.2.9\"},{\"ip\":\"10.0.3.9\"}],"
                        + "\"ports\":[{\"name\":\"incoming\",\"port\":4141}]}]}";
        try (FarEnd far = new FarEnd(uri -> uri.contains("watch=true")
                ? Answer.stream(self.get().stream("watch"))
                : Answer.of("{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" + endpoints + "]}"))) {
            self.set(far);
            Transformer transformer =
                    Transformer.daemonSet("127.0.0.1", far.port(), "infra", "incoming", "l5d", false, streams, changes);
            AtomicReference<List<Address>> behind = new AtomicReference<>(
                    List.of(new Address("10.0.1.5", 80), new Address("10.0.1.6", 80), new Address("10.0.7.7", 80)));
            Path id = Path.parse("/#/app");
            NameTree<Name.Bound> leaf = NameTree.leaf(new Name.Bound(id, Path.EMPTY));
            assertThatThrownBy(() -> transformer.transform(leaf)).isInstanceOf(NotYetKnown.class);
            Supplier<List<Address>> live = transformer.transform(behind::get);
            TestRouter.await("the daemons", () -> !live.get().isEmpty());
            assertThat(live.get()).containsExactly(new Address("10.0.1.9", 4141));
            assertThat(live.get()).as("the same list until something changes").isSameAs(live.get());
            assertThat(transformer.transform(leaf).show(b -> b.id().show()))
                    .isEqualTo("/%/io.l5d.k8s.daemonset/infra/incoming/l5d/#/app");
            behind.set(List.of(new Address("10.0.3.1", 80)));
            assertThat(live.get()).containsExactly(new Address("10.0.3.9", 4141));
            far.stream("watch").add("{\"type\":\"DELETED\",\"object\":" + endpoints + "}");
            TestRouter.await("no daemons", () -> live.get().isEmpty());
            transformer.close();
            assertThat(streams.watches()).isZero();
        }
    }

    private static String old(String name, String annotation, String spec) {
        return "{\"metadata\":{\"namespace\":\"n\",\"name\":\"" + name + "\",\"annotations\":{" + annotation
                + "}},\"spec\":{" + spec + "}}";
    }

    private static String rule(String host, String paths) {
        return "{" + (host.isEmpty() ? "" : "\"host\":\"" + host + "\",") + "\"http\":{\"paths\":[" + paths + "]}}";
    }

    private static String path(String path, String service, String port) {
        return "{" + (path.isEmpty() ? "" : "\"path\":\"" + path + "\",") + "\"backend\":{\"serviceName\":\"" + service
                + "\",\"servicePort\":" + port + "}}";
    }

    private static Ingresses.Options options(FarEnd far, boolean ignoreDefaults) {
        return new Ingresses.Options("127.0.0.1", far.port(), Optional.empty(), "linkerd", ignoreDefaults);
    }

    private static String match(Ingresses ingresses, String host, String path) {
        try {
            return ingresses
                    .match(host, path)
                    .map(b -> b.service() + ":" + b.port())
                    .orElse("none");
        } catch (NotYetKnown e) {
            return "pending";
        }
    }

    @Test
    void choosesBackendsByIngressRules() throws IOException {
        String mine = old(
                "mine",
                "\"kubernetes.io/ingress.class\":\"linkerd\"",
                "\"backend\":{\"serviceName\":\"fallback\",\"servicePort\":\"http\"},\"rules\":["
                        + rule(
                                "a.test",
                                path("/x/.*", "x", "80") + "," + path("/(y)", "y", "80") + ","
                                        + path("/[", "bad", "80"))
                        + "," + rule("b.test", path("", "b", "\"http\"")) + "," + rule("", path("/any", "any", "1"))
                        + "]");
        String other = old(
                "other",
                "\"kubernetes.io/ingress.class\":\"nginx\"",
                "\"rules\":[" + rule("c.test", path("", "c", "1")) + "]");
        String none = old("none", "", "\"rules\":[" + rule("d.test", path("", "d", "1")) + "]");
        try (FarEnd far = api("/apis/extensions/v1beta1/ingresses", () -> mine + "," + other + "," + none)) {
            Ingresses ingresses = Ingresses.start(options(far, false), streams, changes);
            assertThat(match(ingresses, "a.test", "/x/1")).isEqualTo("pending");
            await(() -> match(ingresses, "a.test", "/x/1"), "x:80");
            assertThat(ingresses.match("a.test", "/x/1")).contains(new Backend("n", "80", "x"));
            assertThat(match(ingresses, "a.test", "/x")).as("all of the path").isEqualTo("fallback:http");
            assertThat(match(ingresses, "a.test", "/y"))
                    .as("patterns with groups")
                    .isEqualTo("fallback:http");
            assertThat(match(ingresses, "b.test", "/whatever")).isEqualTo("b:http");
            assertThat(match(ingresses, "b.test:80", "/")).isEqualTo("fallback:http");
            assertThat(match(ingresses, "zzz", "/any")).isEqualTo("any:1");
            assertThat(match(ingresses, "c.test", "/")).as("another class").isEqualTo("fallback:http");
            assertThat(match(ingresses, "d.test", "/")).as("no class").isEqualTo("d:1");
            event(far, "MODIFIED", old("none", "", "\"rules\":[" + rule("e.test", path("", "e", "1")) + "]"));
            await(() -> match(ingresses, "e.test", "/"), "e:1");
            assertThat(match(ingresses, "d.test", "/")).isEqualTo("fallback:http");
            event(far, "DELETED", mine);
            await(() -> match(ingresses, "a.test", "/x/1"), "none");
            Ingresses strict = Ingresses.start(options(far, true), streams, changes);
            await(() -> match(strict, "a.test", "/x/1"), "x:80");
            assertThat(match(strict, "zzz", "/")).isEqualTo("none");
            strict.close();
            ingresses.close();
            assertThat(streams.watches()).isZero();
        }
    }

    @Test
    void readsIngressesOfTodaysApiToo() throws IOException {
        String backend = "\"backend\":{\"service\":{\"name\":\"%s\",\"port\":{%s}}}";
        String item =
                "{\"metadata\":{\"namespace\":\"n\",\"name\":\"new\"},\"spec\":{\"ingressClassName\":\"linkerd\",\"defaultBackend\":"
                        + "{\"service\":{\"name\":\"fallback\",\"port\":{\"number\":80}}},\"rules\":[{\"host\":\"a.test\",\"http\":{\"paths\":["
                        + "{\"path\":\"/e\",\"pathType\":\"Exact\"," + String.format(backend, "exact", "\"number\":1")
                        + "},"
                        + "{\"path\":\"/p/\",\"pathType\":\"Prefix\","
                        + String.format(backend, "prefix", "\"name\":\"http\"") + "}]}}]}}";
        String other = item.replace("\"linkerd\"", "\"nginx\"")
                .replace("\"new\"", "\"b\"")
                .replace("a.test", "b.test");
        try (FarEnd far = api("/apis/networking.k8s.io/v1/ingresses", () -> item + "," + other)) {
            Ingresses ingresses = Ingresses.start(options(far, false), streams, changes);
            await(() -> match(ingresses, "a.test", "/e"), "exact:1");
            assertThat(far.requests.get(0)).isEqualTo("/apis/extensions/v1beta1/ingresses");
            assertThat(match(ingresses, "a.test", "/p")).isEqualTo("prefix:http");
            assertThat(match(ingresses, "a.test", "/p/q")).isEqualTo("prefix:http");
            assertThat(match(ingresses, "a.test", "/pq")).isEqualTo("fallback:80");
            assertThat(match(ingresses, "b.test", "/e")).isEqualTo("fallback:80");
            ingresses.close();
        }
    }

    @Test
    void keepsRulesWhileTheApiIsAway() throws IOException {
        FarEnd far = api(
                "/apis/extensions/v1beta1/ingresses",
                () -> old("a", "", "\"rules\":[" + rule("a", path("", "a", "1")) + "]"));
        Ingresses ingresses = Ingresses.start(options(far, false), streams, changes);
        await(() -> match(ingresses, "a", "/"), "a:1");
        TestRouter.await("the watch", () -> far.requests.size() == 2);
        far.close();
        TestRouter.await("its absence to be noticed", () -> streams.failing() == 1);
        assertThat(match(ingresses, "a", "/")).isEqualTo("a:1");
        ingresses.close();
    }
}
