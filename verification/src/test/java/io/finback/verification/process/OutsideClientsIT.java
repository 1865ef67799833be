package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mesosphere.marathon.client.Marathon;
import mesosphere.marathon.client.MarathonClient;
import mesosphere.marathon.client.MarathonException;
import mesosphere.marathon.client.model.v2.App;
import mesosphere.marathon.client.model.v2.Group;
import mesosphere.marathon.client.model.v2.Result;
import mesosphere.marathon.client.model.v2.Task;
import org.apache.mesos.v1.Protos.TaskState;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Client libraries that others wrote for Mesos and for Marathon, unchanged, against a master and two agents, each its own OS process. */
@Tag("process")
final class OutsideClientsIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final int TASKS = 60;

    @TempDir
    private Path dir;

    @Test
    void aMesosFrameworkAndAMarathonClientWorkUnchanged() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(dir)) {
            cluster.awaitReady(cluster.master());
            ClusterProcesses.NodeProcess one = cluster.agent(1);
            ClusterProcesses.NodeProcess other = cluster.agent(2);
            cluster.awaitReady(one);
            cluster.awaitReady(other);
            framework(cluster);
            marathon(MarathonClient.getInstance("http://127.0.0.1:" + cluster.servicesPort));
        }
    }

    /** More tasks than fit at once: offers come back as tasks end. */
    private void framework(ClusterProcesses cluster) throws Exception {
        Path ledger = Files.createFile(dir.resolve("rx"));
        try (RxFramework framework = new RxFramework(cluster.clusterPort, "rx-1", "echo ran >> " + ledger, TASKS)) {
            Waiting.until(
                    "all have ended",
                    SOON,
                    () -> framework.ended.size() == TASKS,
                    () -> framework.ended.size() + " of " + TASKS);
            assertThat(framework.ended.values()).containsOnly(TaskState.TASK_FINISHED);
            assertThat(framework.heartbeats.get()).isPositive();
        }
        assertThat(Files.readAllLines(ledger)).hasSize(TASKS);
    }

    private static void marathon(Marathon client) throws Exception {
        assertThat(client.getServerInfo().getVersion()).isNotEmpty();
        App wanted = new App();
        wanted.setId("/outside/web");
        wanted.setCmd("exec sleep 1000");
        wanted.setCpus(0.1);
        wanted.setMem(32.0);
        wanted.setInstances(2);
        wanted.setEnv(Map.of("A", "b"));
        wanted.addLabel("team", "outside");
        wanted.setConstraints(List.of(List.of("hostname", "GROUP_BY")));
        wanted.addPort(0);
        assertThat(client.createApp(wanted).getVersion()).isNotEmpty();
        settled(client, 2);
        App made = client.getApp("/outside/web").getApp();
        assertThat(made.getConstraints()).isEqualTo(wanted.getConstraints());
        assertThat(made.getLabels()).isEqualTo(Map.of("team", "outside"));
        assertThat(client.getAppTasks("/outside/web").getTasks())
                .hasSize(2)
                .allSatisfy(task -> assertThat(task.getPorts()).hasSize(1));
        assertThat(client.getApps(Map.of("label", "team==outside")).getApps())
                .extracting(App::getId)
                .containsExactly("/outside/web");

        App fewer = new App();
        fewer.setInstances(1);
        Result scaled = client.updateApp("/outside/web", fewer, false);
        assertThat(scaled.getDeploymentId()).isNotEmpty();
        settled(client, 1);
        assertThat(client.getAppVersions("/outside/web").getVersions()).hasSize(2);
        assertThat(client.getQueue().getQueue()).isEmpty();

        Task victim = client.getAppTasks("/outside/web").getTasks().iterator().next();
        assertThat(client.deleteAppTask("/outside/web", victim.getId(), "false")
                        .getTask()
                        .getId())
                .isEqualTo(victim.getId());
        Waiting.until("another runs in its place", SOON, () -> client.getAppTasks("/outside/web").getTasks().stream()
                .anyMatch(task -> !task.getId().equals(victim.getId()) && task.getStartedAt() != null));

        Group group = new Group();
        group.setId("/outside/group");
        App member = new App();
        member.setId("one");
        member.setCmd("exec sleep 1000");
        member.setCpus(0.1);
        member.setMem(16.0);
        group.setApps(List.of(member));
        assertThat(client.createGroup(group).getVersion()).isNotEmpty();
        Waiting.until(
                "no deployment is left", SOON, () -> client.getDeployments().isEmpty());
        assertThat(client.getGroup("/outside/group").getApps())
                .extracting(App::getId)
                .containsExactly("/outside/group/one");

        client.deleteGroup("/outside", true);
        Waiting.until(
                "no task is left", SOON, () -> client.getTasks().getTasks().isEmpty());
        assertThatThrownBy(() -> client.getApp("/outside/web"))
                .isInstanceOfSatisfying(MarathonException.class, refused -> assertThat(refused.getStatus())
                        .isEqualTo(404));
    }

    private static void settled(Marathon client, int instances) {
        Waiting.until(
                instances + " run and nothing is under way",
                SOON,
                () -> client.getApp("/outside/web").getApp().getTasksRunning() == instances
                        && client.getDeployments().isEmpty());
    }
}
