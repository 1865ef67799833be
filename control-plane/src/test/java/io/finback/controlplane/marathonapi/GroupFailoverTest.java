package io.finback.controlplane.marathonapi;

import static org.assertj.core.api.Assertions.assertThat;

import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.marathonapi.Client.Reply;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.DeploymentPlan.Kind;
import io.finback.controlplane.scheduler.Member;
import io.finback.controlplane.scheduler.PlanBuilder;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A deployment over several apps when its master ends, and when whoever began it ends before it began. */
class GroupFailoverTest {
    private static final String GROUP =
            "{\"id\":\"/fail\",\"apps\":[{\"id\":\"db\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16},"
                    + "{\"id\":\"web\",\"cmd\":\"x\",\"cpus\":0.1,\"mem\":16,\"dependencies\":[\"db\"]}],\"groups\":[{\"id\":\"none\"}]}";

    @TempDir
    Path data;

    private final FakeWorld world = new FakeWorld().agents(2, Resources.of(4, 4096, 10000));

    @Test
    void goesOnWhereItWasWhenTheMasterEnds() {
        world.startOnly(t -> false);
        String id;
        try (TestMaster master = TestMaster.start(data, world)) {
            Reply created = new Client(master.address).post("/v2/groups", GROUP);
            assertThat(created.status()).as(created.text()).isEqualTo(201);
            id = created.json().path("deploymentId").asText();
            TestMaster.await("db launched", () -> world.live("fail_db").size() == 1);
        }
        try (TestMaster master = TestMaster.start(data, world)) {
            Client client = new Client(master.address);
            assertThat(client.get("/v2/deployments").text()).contains(id, "/fail/web", "\"currentStep\":2");
            assertThat(client.get("/v2/groups/fail/none").status()).isEqualTo(200);
            assertThat(world.live("fail_web")).isEmpty();
            world.startOnly(t -> true);
            TestMaster.await("web runs", () -> world.running("fail_web").size() == 1);
            ServicesApiTest.awaitIdle(client, "/fail/web");
            assertThat(world.running("fail_db")).hasSize(1);
            assertThat(world.doubleLaunches).isZero();
        }
    }

    @Test
    void anAppIsLetGoWhenTheDeploymentThatHoldsItNeverBegins() {
        try (TestMaster master = TestMaster.start(data, world)) {
            Client client = new Client(master.address);
            assertThat(client.post("/v2/apps", "{\"id\":\"/held\",\"cmd\":\"v1\",\"cpus\":0.1,\"mem\":16}")
                            .status())
                    .isBetween(200, 201);
            ServicesApiTest.awaitIdle(client, "/held");
            String before = client.get("/v2/apps/held")
                    .json()
                    .path("app")
                    .path("version")
                    .asText();
            AppDefinition changed = AppReader.read(
                    client.get("/v2/apps/held")
                            .json()
                            .path("app")
                            .<com.fasterxml.jackson.databind.node.ObjectNode>deepCopy()
                            .put("cmd", "v2"),
                    Optional.empty());
            DeploymentPlan plan = PlanBuilder.plan(
                    "never",
                    Instant.now(),
                    List.of(
                            new PlanBuilder.Change("/held", Kind.RESTART, false),
                            new PlanBuilder.Change("/other", Kind.SCALE, true)),
                    Map.of());
            AppAnswer answer = TestMaster.get(ClusterSharding.get(master.system)
                    .entityRefFor(AppCommand.KEY, "held")
                    .<AppAnswer>ask(
                            replyTo -> new AppCommand.Enlist(
                                    Member.update(changed, Instant.parse(before), List.of()),
                                    plan.slice("/held"),
                                    false,
                                    replyTo),
                            Duration.ofSeconds(5)));
            assertThat(answer).isInstanceOf(AppAnswer.Changed.class);
            String task = world.running("held").get(0).info.id().value();
            TestMaster.await("as before", () -> client.get("/v2/apps/held")
                    .json()
                    .path("app")
                    .path("version")
                    .asText()
                    .equals(before));
            assertThat(client.get("/v2/deployments").text()).isEqualTo("[]");
            assertThat(world.live("held"))
                    .hasSize(1)
                    .allMatch(t -> t.info.id().value().equals(task));
            assertThat(client.put("/v2/apps/held", "{\"instances\":2}").status())
                    .isEqualTo(200);
        }
    }
}
