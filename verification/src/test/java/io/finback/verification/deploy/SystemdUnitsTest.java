package io.finback.verification.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** k8s/systemd: units that systemd understands in every line. */
class SystemdUnitsTest {
    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"master", "agent", "router"})
    void systemdHasNothingToSayAboutIt(String role) throws Exception {
        String name = "finback-" + role + ".service";
        String unit = Files.readString(Tree.k8s().resolve("systemd").resolve(name));
        assertThat(unit)
                .contains("ExecStart=/opt/finback/finback " + role + " --config /etc/finback/" + role + ".conf");
        // Whatever ends it, it is started again, and nobody has to be told.
        assertThat(unit).contains("\nRestart=always\n", "\nStartLimitIntervalSec=0\n");
        assertThat(unit).contains("FINBACK_DATA_DIR=/var/lib/finback-" + role);
        if (!Tree.onPath("systemd-analyze")) {
            String line = "SKIPPED: systemd units: systemd-analyze is not installed";
            System.err.println(line);
            Assumptions.abort(line);
        }
        // The program is where the unit says on no machine that builds.
        Path copy = dir.resolve(name);
        Files.writeString(
                copy,
                unit.replace(
                        "/opt/finback/finback", Tree.root().resolve("finback").toString()));
        Process process = new ProcessBuilder("systemd-analyze", "verify", "--man=no", copy.toString())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).doesNotContain(name);
    }
}
