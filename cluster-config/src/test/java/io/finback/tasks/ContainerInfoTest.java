package io.finback.tasks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ContainerInfoTest {
    /** What people see of a task goes to every reader of a state endpoint. */
    @Test
    void showsNeitherCredentialsNorEnvironment() {
        ContainerInfo container = new ContainerInfo(
                ContainerInfo.Type.DOCKER,
                List.of(),
                Optional.empty(),
                Optional.of(new DockerOptions(
                        "web",
                        DockerOptions.Network.HOST,
                        List.of(),
                        false,
                        List.of(
                                new DockerOptions.Parameter("env", "PASSWORD=secret"),
                                new DockerOptions.Parameter("ENV-FILE", "/etc/secret"),
                                new DockerOptions.Parameter("label", "a=b")),
                        false,
                        Optional.of("{\"auths\":\"secret\"}"))),
                Optional.of(new Image("web", Optional.of("secret"), true)),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty());
        ContainerInfo shown = container.withoutSecrets();
        assertThat(shown.docker().orElseThrow().parameters())
                .containsExactly(new DockerOptions.Parameter("label", "a=b"));
        assertThat(shown.docker().orElseThrow().pullConfig()).isEmpty();
        assertThat(shown.image().orElseThrow().pullConfig()).isEmpty();
        assertThat(shown.image().orElseThrow().name()).isEqualTo("web");
    }
}
