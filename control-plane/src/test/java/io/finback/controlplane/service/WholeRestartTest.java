package io.finback.controlplane.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.resources.Resources;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was acknowledged is there after the master is gone and back, and what was under way goes on. */
class WholeRestartTest {
    @TempDir
    Path data;

    final FakeWorld world = new FakeWorld().agents(2, Resources.of(8, 8192, 10000));
    final HttpClient http = HttpClient.newHttpClient();

    String send(TestMaster master, String method, String path, String body) {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(master.address + path))
                    .method(method, HttpRequest.BodyPublishers.ofString(body))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        } catch (java.io.IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    Set<String> ids() {
        return world.live("web").stream().map(t -> t.info.id().value()).collect(Collectors.toSet());
    }

    @Test
    void keepsAppsAndTasksAndGoesOnWithADeployment() {
        Set<String> before;
        try (TestMaster master = TestMaster.start(data, world)) {
            String created = send(
                    master,
                    "POST",
                    "/v2/apps",
                    "{\"id\":\"web\",\"cmd\":\"v1\",\"cpus\":0.1,\"mem\":16,\"instances\":3,"
                            + "\"upgradeStrategy\":{\"minimumHealthCapacity\":1,\"maximumOverCapacity\":0}}");
            assertThat(created).contains("\"id\":\"/web\"");
            TestMaster.await("running", () -> world.running("web").size() == 3);
            TestMaster.await(
                    "deployed", () -> send(master, "GET", "/v2/deployments", "").equals("[]"));
            before = ids();
        }
        try (TestMaster master = TestMaster.start(data, world)) {
            assertThat(send(master, "GET", "/v2/apps/web", "")).contains("\"tasksRunning\":3");
            assertThat(ids()).isEqualTo(before);
            world.watch("web");
            world.startOnly(t -> false);
            String put = send(master, "PUT", "/v2/apps/web", "{\"cmd\":\"v2\"}");
            assertThat(put).contains("deploymentId");
            TestMaster.await("first launched", () -> world.live("web").size() == 4);
        }
        world.startOnly(t -> true);
        try (TestMaster master = TestMaster.start(data, world)) {
            TestMaster.await(
                    "rolled",
                    () -> world.running("web").size() == 3
                            && world.running("web").stream()
                                    .allMatch(t -> t.info.command().value().equals("v2")));
            TestMaster.await(
                    "finished", () -> send(master, "GET", "/v2/deployments", "").equals("[]"));
            assertThat(world.fewestRunning("web")).isEqualTo(3);
            assertThat(world.mostLive("web")).isLessThanOrEqualTo(4);
            assertThat(world.doubleLaunches).isZero();
            assertThat(send(master, "DELETE", "/v2/apps/web", "")).contains("deploymentId");
        }
        try (TestMaster master = TestMaster.start(data, world)) {
            TestMaster.await("removed", () -> world.live("web").isEmpty());
            TestMaster.await(
                    "finished", () -> send(master, "GET", "/v2/deployments", "").equals("[]"));
            assertThat(send(master, "GET", "/v2/apps", "")).isEqualTo("{\"apps\":[]}");
        }
    }
}
