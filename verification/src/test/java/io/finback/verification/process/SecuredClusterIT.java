package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster whose every wire is TLS and whose every port asks who it is: what gets in, what does not, and certificates that are replaced. */
@Tag("process")
class SecuredClusterIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String OPS =
            "Basic " + Base64.getEncoder().encodeToString("ops:s3cret".getBytes(StandardCharsets.UTF_8));

    @TempDir
    private Path dir;

    @Test
    void letsInWhoProvesItselfAndFollowsReplacedCertificates() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            Path pki = dir.resolve("pki");
            certificates(pki);
            Path credentials = Files.writeString(dir.resolve("credentials"), "ops s3cret\n");
            List<String> secured = Stream.of(
                            "tls.certificate=" + pki.resolve("node.pem"),
                            "tls.key=" + pki.resolve("node-key.pem"),
                            "tls.authorities=" + pki.resolve("authorities.pem"),
                            "tls.remoting=true",
                            "tls.http=true",
                            "tls.management=true",
                            "tls.refresh=200ms",
                            "security.credentials=" + credentials,
                            "security.authenticate-reads=true",
                            "security.authenticate-writes=true",
                            "security.authenticate-frameworks=true",
                            "security.authenticate-executors=true")
                    .map(setting -> "finback." + setting)
                    .toList();
            ClusterProcesses.NodeProcess master = cluster.master(secured);
            ClusterProcesses.NodeProcess agent = cluster.agent(1, secured);
            ClusterProcesses.NodeProcess router = cluster.router(1, secured);
            for (var node : List.of(master, agent, router)) {
                cluster.awaitReady(node);
            }
            Client client = new Client(pki.resolve("authorities.pem"));

            int agentPort = agent.port("finback.agent.http.port");
            for (int port : List.of(cluster.clusterPort, cluster.servicesPort, agentPort)) {
                String path = port == cluster.servicesPort ? "/v2/apps" : "/state";
                assertThat(client.get(port, path, "").statusCode()).isEqualTo(401);
                assertThat(client.get(port, path, OPS).statusCode()).isEqualTo(200);
                assertThatThrownBy(() -> client.send("http", port, path)).isInstanceOf(IOException.class);
            }
            refusesAnonymousNodes(client, master.port("finback.cluster.port"));

            JsonNode app = JSON.readTree("{\"id\":\"/web\",\"cmd\":\"exec python3 -m http.server $PORT0\","
                    + "\"instances\":1,\"cpus\":0.1,\"mem\":32,\"portDefinitions\":[{\"port\":0}]}");
            assertThat(client.post(cluster.servicesPort, "/v2/apps", app, "").statusCode())
                    .isEqualTo(401);
            HttpResponse<String> created = client.post(cluster.servicesPort, "/v2/apps", app, OPS);
            assertThat(created.statusCode()).isEqualTo(201);
            assertThat(created.headers().firstValue("Location")).hasValueSatisfying(at -> assertThat(at)
                    .startsWith("https://"));
            Waiting.until("the app is reached through the mesh", LIMIT, () -> {
                HttpRequest request = HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + router.port("finback.router.http.port") + "/"))
                        .header("l5d-name", "/svc/web")
                        .build();
                return client.http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
            });

            JsonNode state = JSON.readTree(client.get(agentPort, "/state", OPS).body());
            String sandbox = state.path("frameworks")
                    .path(0)
                    .path("executors")
                    .path(0)
                    .path("directory")
                    .asText();
            String through = "/finback/agents/" + state.path("id").asText() + "/files/browse?path=" + sandbox;
            assertThat(client.get(cluster.clusterPort, through, OPS).body()).contains("stdout");
            assertThat(client.get(cluster.clusterPort, through, "").statusCode()).isEqualTo(401);

            X509Certificate before = client.certificate(cluster.servicesPort);
            certificates(pki);
            Waiting.until(
                    "the new certificate is shown",
                    LIMIT,
                    () -> !client.certificate(cluster.servicesPort).equals(before));
            // One with the new, the others' connections with the old.
            cluster.kill9(router);
            cluster.restart(router);
            cluster.awaitReady(router);
        }
    }

    private static void refusesAnonymousNodes(Client client, int artery) throws IOException {
        try (SSLSocket socket =
                (SSLSocket) client.context.getSocketFactory().createSocket("127.0.0.1", artery)) {
            socket.setSoTimeout((int) LIMIT.toMillis());
            assertThatThrownBy(() -> {
                        socket.startHandshake();
                        // In TLS 1.3 the refusal comes with the first read.
                        if (socket.getInputStream().read() < 0) {
                            throw new IOException("closed");
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    private void certificates(Path pki) throws IOException, InterruptedException {
        Path said = dir.resolve("certificates.out");
        ProcessBuilder builder = new ProcessBuilder(
                ClusterProcesses.launcher().toString(), "certificates", pki.toString(), "--days", "2");
        builder.environment().put("FINBACK_CLASS_ARCHIVE", "off");
        Process process =
                builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
        assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(said)).isZero();
    }

    /** Believes one authority; shows no certificate. */
    private static final class Client {
        private final SSLContext context;
        private final HttpClient http;

        Client(Path authorities) throws Exception {
            KeyStore believed = KeyStore.getInstance("PKCS12");
            believed.load(null, null);
            try (InputStream in = Files.newInputStream(authorities)) {
                believed.setCertificateEntry(
                        "a", CertificateFactory.getInstance("X.509").generateCertificate(in));
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(believed);
            context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            http = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .sslContext(context)
                    .connectTimeout(LIMIT)
                    .build();
        }

        HttpResponse<String> send(String scheme, int port, String path) throws IOException, InterruptedException {
            return http.send(request(scheme, port, path, "").build(), HttpResponse.BodyHandlers.ofString());
        }

        HttpResponse<String> get(int port, String path, String authorization) throws IOException, InterruptedException {
            return http.send(request("https", port, path, authorization).build(), HttpResponse.BodyHandlers.ofString());
        }

        HttpResponse<String> post(int port, String path, JsonNode body, String authorization)
                throws IOException, InterruptedException {
            return http.send(
                    request("https", port, path, authorization)
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }

        private static HttpRequest.Builder request(String scheme, int port, String path, String authorization) {
            HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(scheme + "://127.0.0.1:" + port + path))
                    .timeout(LIMIT);
            return authorization.isEmpty() ? builder : builder.header("Authorization", authorization);
        }

        /** What a new connection is shown. */
        X509Certificate certificate(int port) throws IOException {
            try (SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
                socket.setSoTimeout((int) LIMIT.toMillis());
                socket.startHandshake();
                Certificate[] chain = socket.getSession().getPeerCertificates();
                return (X509Certificate) chain[0];
            }
        }
    }
}
