package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.settings.HttpListen;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PortsTest {
    @Test
    void namesTheKeyOfATakenPort() throws IOException {
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            int port = taken.getLocalPort();
            assertThatThrownBy(() -> Ports.check(Map.of("finback.master.http", new HttpListen("127.0.0.1", port))))
                    .isInstanceOf(StartFailure.class)
                    .hasMessage(
                            "finback.master.http.port: " + port + " is taken by another process on 127.0.0.1; stop it,"
                                    + " or set finback.master.http.port (dev: --port-offset)");
        }
    }

    @Test
    void refusesOnePortForTwoKeysAndPassesFreeOnes() {
        assertThatThrownBy(() -> Ports.check(Map.of(
                        "finback.a", new HttpListen("127.0.0.1", 1), "finback.b", new HttpListen("127.0.0.1", 1))))
                .isInstanceOf(StartFailure.class);
        assertThatCode(() -> Ports.check(Map.of("finback.a", new HttpListen("127.0.0.1", 0))))
                .doesNotThrowAnyException();
    }
}
