package io.finback.controlplane.namerdapi;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ddata.LWWMap;
import akka.cluster.ddata.typed.javadsl.DistributedData;
import akka.cluster.ddata.typed.javadsl.Replicator;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import io.finback.controlplane.naming.DtabMessage;
import io.finback.controlplane.service.TestMaster;
import io.finback.persistence.EventFeed;
import io.finback.security.Acls;
import io.finback.security.Guard;
import io.finback.security.Rules;
import io.finback.security.SecuritySettings;
import io.finback.wire.AppEndpoints;
import io.finback.wire.EndpointsKeys;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** namerd's HTTP API on one master with a journal, as clients of namerd use it. */
class NamerdApiTest {
    @TempDir
    Path data;

    /** A master with nothing but names. */
    private static final class Master implements AutoCloseable {
        final ActorSystem<Void> system;
        final String base;
        final HttpClient http = HttpClient.newHttpClient();

        Master(Path data) {
            this(data, "{}");
        }

        /** @param acls what nobody, who asks here, may see and do */
        Master(Path data, String acls) {
            system = ActorSystem.create(Behaviors.empty(), "finback", TestMaster.config(data));
            NamerdApi api = NamerdApi.start(
                    system,
                    new NamerdSettings(Duration.ofSeconds(5), 4096, 3, 2),
                    () -> EventFeed.of(system).entityIds(DtabMessage.KEY.name()),
                    rules(acls));
            ServerBinding binding =
                    TestMaster.get(Http.get(system).newServerAt("127.0.0.1", 0).bind(api.route()));
            base = "http://127.0.0.1:" + binding.localAddress().getPort() + "/api/1/";
            Cluster cluster = Cluster.get(system);
            cluster.manager().tell(Join.create(cluster.selfMember().address()));
            TestMaster.get(api.ready());
        }

        private Rules rules(String acls) {
            SecuritySettings open = SecuritySettings.OPEN;
            return new Guard(
                    system,
                    "test",
                    new SecuritySettings(
                            false,
                            false,
                            false,
                            false,
                            open.realm(),
                            open.credentials(),
                            open.tokens(),
                            () -> Acls.parse(acls),
                            open.rateLimits(),
                            open.longestWait()),
                    (status, reason) -> akka.http.javadsl.model.HttpResponse.create());
        }

        HttpResponse<String> call(String method, String path, String body, String... headers) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path))
                    .method(method, HttpRequest.BodyPublishers.ofString(body))
                    .timeout(Duration.ofSeconds(15));
            for (int i = 0; i < headers.length; i += 2) {
                request.header(headers[i], headers[i + 1]);
            }
            return http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
                    .join();
        }

        HttpResponse<String> get(String path, String... headers) {
            return call("GET", path, "", headers);
        }

        int put(String namespace, String dtab) {
            return call("PUT", "dtabs/" + namespace, dtab, "Content-Type", "application/dtab")
                    .statusCode();
        }

        /** The lines of a stream as they come. */
        List<String> watch(String path) {
            List<String> lines = new CopyOnWriteArrayList<>();
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(base + path)).build();
            var unused = http.sendAsync(
                    request,
                    HttpResponse.BodyHandlers.ofByteArrayConsumer(chunk -> chunk.ifPresent(
                            bytes -> lines.addAll(new String(bytes, java.nio.charset.StandardCharsets.UTF_8)
                                    .lines()
                                    .toList()))));
            return lines;
        }

        void ready(String app, int port) {
            AppEndpoints endpoints =
                    new AppEndpoints(app, port, List.of(new AppEndpoints.Instance("t", "127.0.0.1", List.of(port))));
            DistributedData data = DistributedData.get(system);
            data.replicator()
                    .tell(new Replicator.Update<LWWMap<String, AppEndpoints>>(
                            EndpointsKeys.of(app),
                            LWWMap.create(),
                            Replicator.writeLocal(),
                            system.ignoreRef(),
                            map -> map.put(data.selfUniqueAddress(), app, endpoints, EndpointsKeys.clock())));
        }

        @Override
        public void close() {
            system.terminate();
            TestMaster.get(system.getWhenTerminated());
        }
    }

    @Test
    void keepsTablesWithVersions() {
        try (Master master = new Master(data)) {
            assertThat(master.get("dtabs").body()).isEqualTo("[]\n");
            assertThat(master.get("dtabs/shop").statusCode()).isEqualTo(404);
            assertThat(master.call(
                                    "POST",
                                    "dtabs/shop",
                                    "/svc => /#/io.finback ; # c\n",
                                    "Content-Type",
                                    "application/dtab")
                            .statusCode())
                    .isEqualTo(204);
            assertThat(master.call("POST", "dtabs/shop", "/a=>/b", "Content-Type", "application/dtab")
                            .statusCode())
                    .isEqualTo(409);
            HttpResponse<String> json = master.get("dtabs/shop");
            assertThat(json.body()).isEqualTo("[{\"prefix\":\"/svc\",\"dst\":\"/#/io.finback\"}]\n");
            String etag = json.headers().firstValue("ETag").orElseThrow();
            assertThat(master.get("dtabs/shop", "Accept", "application/dtab").body())
                    .isEqualTo("/svc => /#/io.finback\n");
            assertThat(master.call("HEAD", "dtabs/shop", "").headers().firstValue("ETag"))
                    .contains(etag);
            String changed = "[{\"prefix\":\"/svc/*\",\"dst\":\"/$/nil | /#/io.finback\"}]";
            assertThat(master.call("PUT", "dtabs/shop", changed, "Content-Type", "application/json", "If-Match", etag)
                            .statusCode())
                    .isEqualTo(204);
            assertThat(master.call("PUT", "dtabs/shop", changed, "Content-Type", "application/json", "If-Match", etag)
                            .statusCode())
                    .isEqualTo(412);
            assertThat(master.call("PUT", "dtabs/none", changed, "Content-Type", "application/json", "If-Match", etag)
                            .statusCode())
                    .isEqualTo(404);
            assertThat(master.put("other", "/a => /b")).as("PUT creates").isEqualTo(204);
            assertThat(master.get("dtabs").body()).isEqualTo("[\"other\",\"shop\"]\n");
            assertThat(master.call("DELETE", "dtabs/other", "").statusCode()).isEqualTo(204);
            assertThat(master.call("DELETE", "dtabs/other", "").statusCode()).isEqualTo(404);
            assertThat(master.get("dtabs").body()).isEqualTo("[\"shop\"]\n");
        }
    }

    @Test
    void refusesWhatItCannotRead() {
        try (Master master = new Master(data)) {
            HttpResponse<String> bad = master.call("PUT", "dtabs/a", "/svc =>", "Content-Type", "application/dtab");
            assertThat(bad.statusCode()).isEqualTo(400);
            assertThat(bad.body()).contains("position 7");
            assertThat(master.call("PUT", "dtabs/a", "/a=>/b", "Content-Type", "image/png")
                            .statusCode())
                    .isEqualTo(400);
            assertThat(master.call("PUT", "dtabs/a", "[{}]", "Content-Type", "application/json")
                            .statusCode())
                    .isEqualTo(400);
            assertThat(master.call("PUT", "dtabs/a", "x".repeat(5000), "Content-Type", "text/plain")
                            .statusCode())
                    .isEqualTo(413);
            assertThat(master.call("PATCH", "dtabs/a", "").statusCode()).isEqualTo(405);
            assertThat(master.get("bind/a").statusCode()).isEqualTo(400);
            assertThat(master.get("bind/a?path=web").body()).contains("Invalid path: web");
            assertThat(master.get("nothing/a").statusCode()).isEqualTo(404);
            assertThat(master.get("dtabs/a%2Fb").statusCode()).isEqualTo(404);
            for (int i = 0; i < 3; i++) {
                assertThat(master.put("n" + i, "/a => /b")).isEqualTo(204);
            }
            assertThat(master.put("n3", "/a => /b")).as("max-namespaces").isEqualTo(503);
            assertThat(master.put("n0", "/a => /c")).isEqualTo(204);
        }
    }

    @Test
    void findsEverythingAgainAfterARestart() {
        try (Master master = new Master(data)) {
            assertThat(master.put("shop", "/svc => /a")).isEqualTo(204);
            assertThat(master.put("shop", "/svc => /b")).isEqualTo(204);
            assertThat(master.put("gone", "/svc => /b")).isEqualTo(204);
            assertThat(master.call("DELETE", "dtabs/gone", "").statusCode()).isEqualTo(204);
        }
        try (Master master = new Master(data)) {
            assertThat(master.get("dtabs").body()).isEqualTo("[\"shop\"]\n");
            HttpResponse<String> shop = master.get("dtabs/shop", "Accept", "application/dtab");
            assertThat(shop.body()).isEqualTo("/svc => /b\n");
            assertThat(shop.headers().firstValue("ETag")).contains(DtabText.etag(2));
            assertThat(master.put("gone", "/svc => /c")).isEqualTo(204);
            assertThat(master.get("dtabs/gone").headers().firstValue("ETag"))
                    .as("no version comes back")
                    .contains(DtabText.etag(3));
        }
    }

    @Test
    void saysWhatNamesMean() {
        try (Master master = new Master(data)) {
            assertThat(master.put(
                            "shop", "/svc => /#/io.finback ; /svc/old => /svc/web | ! ; /out => 3*/$/inet/h/1 & 1*~"))
                    .isEqualTo(204);
            master.ready("/web", 4711);
            TestMaster.await("the app", () -> master.get("bound-names").body().contains("/#/io.finback/web"));
            assertThat(master.get("bind/shop?path=/svc/web/x").body())
                    .contains("\"type\":\"leaf\"", "\"id\":\"/#/io.finback/web\"", "\"path\":\"/x\"", "\"port\":4711");
            assertThat(master.get("bind/shop?path=/svc/none").body()).isEqualTo("{\"type\":\"neg\"}\n");
            assertThat(master.get("bind/shop?path=/svc/none&dtab=/svc/none%3D%3E/svc/web")
                            .body())
                    .contains("/#/io.finback/web");
            assertThat(master.get("bind/shop?path=/out").body()).contains("/$/inet/h/1");
            assertThat(master.get("bind/shop?path=/svc/x&dtab=/svc%3D%3E/svc").statusCode())
                    .isEqualTo(500);
            assertThat(master.get("addr/shop?path=/%23/io.finback/web").body())
                    .contains("\"type\":\"bound\"", "\"port\":4711");
            assertThat(master.get("addr/shop?path=/%25/io.l5d.port/1/%23/io.finback/web")
                            .body())
                    .contains("4711");
            assertThat(master.get("addr/shop?path=/%23/io.finback/none").body()).isEqualTo("{\"type\":\"neg\"}\n");
            assertThat(master.get("resolve/shop?path=/svc/old").body()).contains("4711");
            assertThat(master.get("delegate/shop?path=/svc/old").body())
                    .contains("\"type\":\"alt\"", "\"prefix\":\"/svc/old\"", "\"type\":\"fail\"");
        }
    }

    @Test
    void bindsNoNameToAnAppThatIsHidden() {
        String acls = """
                {"view_apps": [
                   {"principals": {"type": "ANY"}, "paths": {"values": ["/web"]}},
                   {"principals": {"type": "NONE"}, "paths": {"type": "ANY"}}]}""";
        try (Master master = new Master(data, acls)) {
            assertThat(master.put("shop", "/svc => /#/io.finback ; /both => /svc/hidden | /svc/web"))
                    .isEqualTo(204);
            master.ready("/hidden", 4712);
            master.ready("/web", 4711);
            TestMaster.await(
                    "the app",
                    () -> master.get("bind/shop?path=/svc/web").body().contains("4711"));
            assertThat(master.get("bound-names").body()).isEqualTo("[\"/#/io.finback/web\"]\n");
            assertThat(master.get("bind/shop?path=/svc/hidden").body()).isEqualTo("{\"type\":\"neg\"}\n");
            assertThat(master.get("addr/shop?path=/%23/io.finback/hidden").body())
                    .isEqualTo("{\"type\":\"neg\"}\n");
            assertThat(master.get("resolve/shop?path=/both").body())
                    .contains("4711")
                    .doesNotContain("4712");
            assertThat(master.get("delegate/shop?path=/svc/hidden").body()).doesNotContain("leaf", "4712");
        }
    }

    @Test
    void streamsChanges() {
        try (Master master = new Master(data)) {
            assertThat(master.put("shop", "/svc => /$/inet/h/1")).isEqualTo(204);
            List<String> dtab = master.watch("dtabs/shop?watch=true");
            TestMaster.await("the table", () -> dtab.size() == 1);
            List<String> bound = master.watch("bind/shop?watch=1&path=/svc/x");
            TestMaster.await("the name", () -> bound.size() == 1);
            assertThat(master.get("bind/shop?watch=1&path=/svc/y").statusCode())
                    .as("max-watches")
                    .isEqualTo(503);
            assertThat(master.put("shop", "/svc => /$/inet/h/2")).isEqualTo(204);
            TestMaster.await("both to change", () -> dtab.size() == 2 && bound.size() == 2);
            assertThat(dtab.get(1)).isEqualTo("[{\"prefix\":\"/svc\",\"dst\":\"/$/inet/h/2\"}]");
            assertThat(bound.get(1)).contains("/$/inet/h/2");
            assertThat(master.put("other", "/svc => /a")).isEqualTo(204);
            assertThat(bound).hasSize(2);
        }
    }
}
