package io.finback.mesos.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.tasks.CheckStatus;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.HealthCheck;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.mesos.v1.Protos;
import org.junit.jupiter.api.Test;

class CheckMessagesTest {
    @Test
    void takesTheDefaultsOfMesos() {
        HealthCheck check = CheckMessages.from(http().build());
        assertThat(check.delay()).isEqualTo(Duration.ofSeconds(15));
        assertThat(check.interval()).isEqualTo(Duration.ofSeconds(10));
        assertThat(check.timeout()).isEqualTo(Duration.ofSeconds(20));
        assertThat(check.gracePeriod()).isEqualTo(Duration.ofSeconds(10));
        assertThat(check.consecutiveFailures()).isEqualTo(3);
        assertThat(check.probe().http().orElseThrow().scheme()).isEqualTo("http");
    }

    @Test
    void comesBackAsItWas() {
        Protos.HealthCheck message = Protos.HealthCheck.newBuilder()
                .setType(Protos.HealthCheck.Type.COMMAND)
                .setCommand(Protos.CommandInfo.newBuilder()
                        .setValue("test -e up")
                        .setEnvironment(Protos.Environment.newBuilder()
                                .addVariables(Protos.Environment.Variable.newBuilder()
                                        .setName("A")
                                        .setValue("secret"))))
                .setDelaySeconds(0.25)
                .build();
        HealthCheck check = CheckMessages.from(message);
        assertThat(check.probe().command()).contains(CommandInfo.shell("test -e up", Map.of("A", "secret")));
        assertThat(CheckMessages.from(CheckMessages.to(check))).isEqualTo(check);
        assertThat(CheckMessages.to(check.withoutEnvironment()).toString()).doesNotContain("secret");
        CheckStatus status =
                new CheckStatus(CheckStatus.Type.HTTP, Optional.empty(), Optional.of(503), Optional.empty());
        assertThat(CheckMessages.from(CheckMessages.to(status))).isEqualTo(status);
    }

    @Test
    void refusesWhatMesosRefusesByName() {
        refuses(http().setIntervalSeconds(-1), "task.health_check.interval_seconds: -1.0 (expected: 0 to");
        refuses(http().setTimeoutSeconds(Double.NaN), "task.health_check.timeout_seconds: NaN");
        refuses(http().clearHttp(), "task.health_check.http: missing");
        refuses(http().clearType(), "task.health_check.type: missing");
        refuses(
                http().setHttp(Protos.HealthCheck.HTTPCheckInfo.newBuilder()
                        .setPort(80)
                        .setScheme("ftp")),
                "task.health_check.http.scheme: 'ftp' (expected: http or https)");
        refuses(
                http().setHttp(Protos.HealthCheck.HTTPCheckInfo.newBuilder()
                        .setPort(80)
                        .setPath("up")),
                "task.health_check.http.path: 'up' (expected: a text that begins with a slash)");
        refuses(
                http().setHttp(Protos.HealthCheck.HTTPCheckInfo.newBuilder().setPort(65_536)),
                "task.health_check.http.port: 65536");
    }

    private static Protos.HealthCheck.Builder http() {
        return Protos.HealthCheck.newBuilder()
                .setType(Protos.HealthCheck.Type.HTTP)
                .setHttp(Protos.HealthCheck.HTTPCheckInfo.newBuilder().setPort(80));
    }

    private static void refuses(Protos.HealthCheck.Builder check, String why) {
        assertThatThrownBy(() -> CheckMessages.from(check.build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }
}
