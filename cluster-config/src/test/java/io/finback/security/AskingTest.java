package io.finback.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** As whom programs ask, and what is wrong with half a name. */
class AskingTest {
    @TempDir
    Path dir;

    private static Asking asking(String settings) {
        return Asking.from(ConfigFactory.parseString("finback.security.asking { " + settings + " }")
                .withFallback(ConfigFactory.defaultReference())
                .resolve());
    }

    @Test
    void asksByPrincipalOrByTokenOrAsNobody() throws IOException {
        Path file = Files.writeString(dir.resolve("f"), "s3cret\n");
        assertThat(asking("").authorization()).isEmpty();
        Asking named = asking("principal = ops, secret-file = \"" + file + "\"");
        assertThat(named.authorization().orElseThrow().reveal()).isEqualTo(Asking.basic("ops", "s3cret"));
        assertThat(named.toString()).doesNotContain("s3cret");
        assertThat(asking("token-file = \"" + file + "\"")
                        .authorization()
                        .orElseThrow()
                        .reveal())
                .isEqualTo("Bearer s3cret");
    }

    @Test
    void namesTheKeyOfWhatIsMissing() throws IOException {
        Path file = Files.writeString(dir.resolve("f"), "x");
        refused("principal = ops", "finback.security.asking.secret-file");
        refused("secret-file = \"" + file + "\"", "finback.security.asking.principal");
        refused(
                "token-file = \"" + file + "\", principal = ops, secret-file = \"" + file + "\"",
                "finback.security.asking.token-file");
        refused("token-file = /no/such", "finback.security.asking.token-file: /no/such (expected: a file");
    }

    private static void refused(String settings, String message) {
        assertThatThrownBy(() -> asking(settings))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining(message)
                .hasMessageContaining("expected");
    }
}
