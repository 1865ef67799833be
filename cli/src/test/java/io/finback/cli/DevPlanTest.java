package io.finback.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.resources.Ranges;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.settings.HttpListen;
import io.finback.tls.TlsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class DevPlanTest {
    private static final Path DATA = Path.of("data");
    private static final Machine MACHINE = new Machine(3, 9_000, 60_000);
    private static final Config BASE = ConfigFactory.parseString("""
            finback {
              data-dir = x
              cluster { host = "127.0.0.1", port = 25520, seeds = [], discovery.method = none }
              management { host = "127.0.0.1", port = 8558 }
              master.http { host = "127.0.0.1", port = 5050 }
              services.http { host = "127.0.0.1", port = 8080 }
              agent { http { host = "127.0.0.1", port = 5051 }, resources = "", stop-tasks-on-exit = false }
              router {
                http { host = "127.0.0.1", port = 4140 }
                admin { host = "127.0.0.1", port = 9990 }
                linkerd-yaml = ""
                h2 { enabled = false, host = "127.0.0.1", port = 4142 }
              }
            }
            """)
            .withFallback(ConfigFactory.defaultReference().withOnlyPath("finback.tls"));

    @Test
    void laysOutPortsAndDirectories() {
        DevPlan plan = DevPlan.of(BASE, DATA, 2, 0, MACHINE);
        assertThat(plan.nodes())
                .extracting(DevPlan.PlannedNode::name)
                .containsExactly("master", "agent-1", "agent-2", "router");
        assertThat(ports(plan, "finback.cluster")).containsExactly(25520, 25521, 25522, 25523);
        assertThat(ports(plan, "finback.management")).containsExactly(8558, 8559, 8560, 8561);
        assertThat(ports(plan, "finback.agent.http")).containsExactly(5051, 5052);
        assertThat(ports(plan, "finback.router.admin")).containsExactly(9990);
        assertThat(ports(plan, "finback.router.h2")).isEmpty();
        assertThat(plan.nodes()).allSatisfy(node -> {
            assertThat(node.config().getStringList("finback.cluster.seeds")).containsExactly("127.0.0.1:25520");
            assertThat(node.config().getString("finback.data-dir"))
                    .isEqualTo(DATA.resolve(node.name()).toString());
        });
        assertThat(plan.nodes().get(1).config().getBoolean("finback.agent.stop-tasks-on-exit"))
                .isTrue();
        assertThat(plan.nodes().get(3).config().getBytes("finback.router.heap.busy"))
                .isZero();
    }

    @Test
    void shiftsEveryPort() {
        DevPlan plan = DevPlan.of(BASE, DATA, 1, 100, MACHINE);
        assertThat(ports(plan, "finback.cluster")).containsExactly(25620, 25621, 25622);
        assertThat(ports(plan, "finback.services.http")).containsExactly(8180);
        assertThat(plan.nodes().get(0).config().getStringList("finback.cluster.seeds"))
                .containsExactly("127.0.0.1:25620");
        assertThat(DevPlan.taskPorts(0).intersect(DevPlan.taskPorts(100)).isEmpty())
                .isTrue();
    }

    @Test
    void dividesTheMachineSoThatNothingIsGivenTwice() {
        List<String> shares = AgentShare.of("", MACHINE, Ranges.of(31000, 31999), 2);
        assertThat(shares)
                .containsExactly(
                        "cpus:1.5;mem:4500;disk:30000;ports:[31000-31499]",
                        "cpus:1.5;mem:4500;disk:30000;ports:[31500-31999]");
    }

    @Test
    void letsWhatIsNamedReachEachAgentAndDividesTheRest() {
        assertThat(AgentShare.of("cpus(web):4; gpus:1", MACHINE, Ranges.of(1, 9), 3)
                        .get(2))
                .isEqualTo("cpus(web):4;gpus:1;mem:3000;disk:20000;ports:[7-9]");
        String json = AgentShare.of(
                        "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":4}}]",
                        MACHINE,
                        Ranges.of(10, 19),
                        2)
                .get(1);
        Config parsed = ConfigFactory.parseString("r = " + json);
        assertThat(parsed.getConfigList("r"))
                .extracting(entry -> entry.getString("name"))
                .containsExactly("cpus", "mem", "disk", "ports");
        assertThat(parsed.getConfigList("r")
                        .get(3)
                        .getConfigList("ranges.range")
                        .get(0)
                        .getInt("begin"))
                .isEqualTo(15);
    }

    @Test
    void keepsTheClustersOwnPortsFromTasks() {
        Config onTaskPorts =
                ConfigFactory.parseString("finback.services.http.port = 31000").withFallback(BASE);
        DevPlan plan = DevPlan.of(onTaskPorts, DATA, 1, 0, MACHINE);
        assertThat(plan.nodes().get(1).config().getString("finback.agent.resources"))
                .doesNotContain("[31000");
    }

    @Test
    void refusesWhatDoesNotFit() {
        refuses(() -> DevPlan.of(BASE, DATA, 0, 0, MACHINE), "--agents: 0 (expected: 1..50)");
        refuses(
                () -> DevPlan.of(BASE, DATA, 1, 60_000, MACHINE),
                "--port-offset: 60000 makes finback.cluster.port 85520 (expected: 1..65535)");
        Config seeded =
                ConfigFactory.parseString("finback.cluster.seeds = [\"a:1\"]").withFallback(BASE);
        assertThatThrownBy(() -> DevPlan.of(seeded, DATA, 1, 0, MACHINE))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.cluster.seeds: ");
    }

    @Test
    void printsTheBannerOfTheReadme() {
        DevPlan plan = DevPlan.of(BASE, DATA, 2, 0, MACHINE);
        assertThat(Banner.dev(plan))
                .containsExactly(
                        "Finback dev cluster: 1 master, 2 agents, 1 router",
                        "  cluster API   http://localhost:5050   (a browser shows the console)",
                        "  services API  http://localhost:8080",
                        "  mesh          http://localhost:4140   (name a service in the Host header)   admin"
                                + " http://localhost:9990",
                        "  management    http://localhost:8558/cluster/members");
        assertThat(Banner.devReady(Duration.ofMillis(3_900), Path.of(".finback", "dev"))
                        .get(0))
                .isEqualTo("Ready in 3.9 s. Ctrl-C stops; data in .finback/dev");
        assertThat(Banner.ready(Role.AGENT, plan.nodes().get(1).listeners(), TlsSettings.from(BASE)))
                .startsWith("Ready: agent (cluster 127.0.0.1:25521, management http://localhost:8559");
    }

    private static List<Integer> ports(DevPlan plan, String key) {
        List<Integer> ports = new ArrayList<>();
        for (DevPlan.PlannedNode node : plan.nodes()) {
            HttpListen listen = node.listeners().get(key);
            if (listen != null) {
                ports.add(listen.port());
            }
        }
        return ports;
    }

    private static void refuses(Supplier<DevPlan> action, String line) {
        assertThatThrownBy(action::get).isInstanceOf(StartFailure.class).hasMessage(line);
    }
}
