package io.finback.meshrouter.rpc.mux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.mux.MuxParams.Level;
import io.finback.meshrouter.rpc.mux.MuxParams.Tls;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS from the first byte, and negotiated in the handshake. */
@Timeout(60)
class MuxTlsTest {
    private static SslContext serverContext;
    private static SslContext clientContext;

    @BeforeAll
    static void makeAKey(@TempDir Path directory) throws Exception {
        char[] password = "changeit".toCharArray();
        Path file = directory.resolve("key.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "me",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        "changeit")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(keytool.waitFor(50, TimeUnit.SECONDS)).isTrue();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(file)) {
            store.load(in, password);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        serverContext = SslContextBuilder.forServer(keys).build();
        clientContext = SslContextBuilder.forClient()
                .trustManager((X509Certificate) store.getCertificate("me"))
                .build();
    }

    private static Listening serve(Optional<Level> level) {
        Server<byte[], byte[]> server = Mux.server();
        return level.map(tls -> server.with(MuxParams.TLS, Optional.of(new Tls(serverContext, tls))))
                .orElse(server)
                .serve("127.0.0.1:0", Service.of(body -> body));
    }

    private static Service<byte[], byte[]> client(Optional<Level> level, Listening server) {
        Client<byte[], byte[]> client = Mux.client();
        return level.map(tls -> client.with(MuxParams.TLS, Optional.of(new Tls(clientContext, tls))))
                .orElse(client)
                .newService("127.0.0.1:" + server.port(), "tls");
    }

    @Test
    void sidesThatAgreeTalk() {
        Level[][] pairs = {
            {Level.ALWAYS, Level.ALWAYS},
            {Level.REQUIRED, Level.REQUIRED},
            {Level.DESIRED, Level.REQUIRED},
            {Level.DESIRED, Level.DESIRED},
            {null, Level.DESIRED},
            {Level.DESIRED, null}
        };
        for (Level[] pair : pairs) {
            try (Listening server = serve(Optional.ofNullable(pair[0]))) {
                byte[] large = new byte[100_000];
                assertThat(client(Optional.ofNullable(pair[1]), server)
                                .call(large)
                                .join())
                        .as("server %s, client %s", pair[0], pair[1])
                        .isEqualTo(large);
            }
        }
    }

    @Test
    void sidesThatDoNotAgreeDoNot() {
        try (Listening plain = serve(Optional.empty());
                Listening strict = serve(Optional.of(Level.REQUIRED))) {
            assertThatThrownBy(() -> client(Optional.of(Level.REQUIRED), plain)
                            .call(new byte[1])
                            .join())
                    .isInstanceOf(Failure.NotConnected.class)
                    .hasMessageContaining("TLS: this side says required, the other off");
            assertThatThrownBy(() ->
                            client(Optional.empty(), strict).call(new byte[1]).join())
                    .isInstanceOf(Failure.NotConnected.class)
                    .hasMessageContaining("TLS: this side says off, the other required");
        }
    }
}
