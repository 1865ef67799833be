package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.mesosapi.ClusterApi;
import io.finback.resources.Kind;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.security.Guard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Why an app waits, told to somebody who may not see every role and app: of what others have, numbers of agents' own alone. */
class QueueRightsTest {
    private static final String ACLS = """
            {"view_roles": [
               {"principals": {"type": "ANY"}, "roles": {"values": ["*", "open"]}},
               {"principals": {"type": "NONE"}, "roles": {"type": "ANY"}}]}""";

    @TempDir
    Path data;

    @Test
    void offersShowNothingOfRolesThatAreHidden() throws Exception {
        Path acls = Files.writeString(data.resolve("acls"), "{}");
        Map<String, Object> overrides =
                Map.of("finback.security.acls", acls.toString(), "finback.security.refresh", "100 ms");
        ControlPlaneHarness harness = new ControlPlaneHarness(data.resolve("node"), overrides);
        try {
            MasterSettings settings = MasterSettings.from(ControlPlaneHarness.config(data.resolve("node"), overrides));
            Guard rules = new Guard(harness.system(), "services", settings.security(), ClusterApi::refusal);
            int port = ServedServices.serve(harness, rules);
            Resources resources = Resources.of(4, 4096, 0)
                    .plus(Resources.of(Kind.reserved(Reservation.fixed("secretrole")), Resources.of(2, 64, 0)))
                    .plus(Resources.of(Kind.reserved(Reservation.fixed("open")), Resources.of(1, 0, 0)));
            new ScriptedAgent(harness, "a1", resources).register();
            for (String role : List.of("secretrole", "open")) {
                String app = "{\"id\":\"/in-" + role.substring(0, 4) + "\",\"cmd\":\"x\",\"role\":\"" + role
                        + "\",\"acceptedResourceRoles\":[\"" + role + "\",\"*\"],\"cpus\":100,\"mem\":16}";
                assertThat(ask(port, "POST", "/v2/apps", app)).contains("\"id\":\"/in-");
            }
            List<String> paths = List.of(
                    "/v2/queue?embed=lastUnusedOffers",
                    "/finback/queue",
                    "/finback/queue/in-secr",
                    "/finback/queue/in-open");
            await(() -> ask(port, "GET", paths.get(0), "").contains("secretrole\",\"scalar")
                    && ask(port, "GET", "/finback/queue/in-open", "").contains("offered to role secretrole")
                    && ask(port, "GET", "/finback/queue/in-secr", "").contains("cpus(secretrole):2"));
            Files.writeString(acls, ACLS);
            await(() -> !ask(port, "GET", paths.get(0), "").contains("secretrole\",\"scalar"));
            for (String path : paths) {
                String shown = ask(port, "GET", path, "").replaceAll("\"app\":\\{[^}]*}[^}]*}", "");
                assertThat(shown).as(path).contains("a1").doesNotContain("(secretrole)", "to role secretrole");
            }
            assertThat(ask(port, "GET", "/finback/queue/in-open", ""))
                    .containsAnyOf("offered to another role", "cpus(open):1");
            assertThat(ask(port, "GET", "/metrics", "")).contains("gauges");
            assertThat(ask(port, "GET", "/v2/eventSubscriptions", ""))
                    .as("who sees every app may see who is called back")
                    .contains("callbackUrls");
        } finally {
            harness.close();
        }
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(Condition condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.holds()) {
            assertThat(System.nanoTime()).isLessThan(end);
        }
    }

    private static String ask(int port, String method, String path, String body) throws Exception {
        return ServedServices.ask(port, method, path, "", body).body();
    }
}
