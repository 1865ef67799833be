package io.finback.mesos.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.resources.FrameworkId;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.ExecutorInfo;
import org.apache.mesos.v1.Protos;
import org.junit.jupiter.api.Test;

class ExecutorMessagesTest {
    private static final FrameworkId FRAMEWORK = FrameworkId.of("f");

    @Test
    void aDefaultExecutorMayHaveAContainerWithoutAnImage() {
        Protos.ContainerInfo container = Protos.ContainerInfo.newBuilder()
                .setType(Protos.ContainerInfo.Type.MESOS)
                .addVolumes(Protos.Volume.newBuilder()
                        .setMode(Protos.Volume.Mode.RW)
                        .setContainerPath("data")
                        .setHostPath("/srv"))
                .build();
        ExecutorInfo executor = ExecutorMessages.from(FRAMEWORK, message(container), true);
        assertThat(executor.container().map(ContainerInfo::volumes).orElseThrow())
                .singleElement()
                .satisfies(volume -> assertThat(volume.containerPath()).isEqualTo("data"));

        assertThatThrownBy(() -> ExecutorMessages.from(
                        FRAMEWORK,
                        message(container.toBuilder()
                                .setMesos(Protos.ContainerInfo.MesosInfo.newBuilder()
                                        .setImage(Protos.Image.newBuilder()
                                                .setType(Protos.Image.Type.DOCKER)
                                                .setDocker(Protos.Image.Docker.newBuilder()
                                                        .setName("x"))))
                                .build()),
                        true))
                .hasMessageContaining("executor.container.mesos.image: present (expected: none for a DEFAULT executor");
        assertThatThrownBy(() -> ExecutorMessages.from(
                        FRAMEWORK,
                        message(container.toBuilder()
                                .setType(Protos.ContainerInfo.Type.DOCKER)
                                .build()),
                        true))
                .hasMessageContaining("executor.container.type: DOCKER (expected: MESOS for a DEFAULT executor");
    }

    private static Protos.ExecutorInfo message(Protos.ContainerInfo container) {
        return Protos.ExecutorInfo.newBuilder()
                .setType(Protos.ExecutorInfo.Type.DEFAULT)
                .setExecutorId(Protos.ExecutorID.newBuilder().setValue("e"))
                .setContainer(container)
                .build();
    }
}
