package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.typesafe.config.Config;
import io.finback.runtime.Node;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What the audit log has of a master's three ports: every change and every refusal, with who, what and how it went; no secret. */
class AuditTest {
    private static final String ACLS = """
            {"permissive": true,
             "update_apps": [{"principals": {"values": ["dev"]}, "paths": {"type": "NONE"}}],
             "change_endpoints": [{"principals": {"values": ["ops", "dev"]}, "paths": {"type": "ANY"}},
                                  {"principals": {"type": "NONE"}, "paths": {"type": "ANY"}}]}""";

    private static final class Lines extends AppenderBase<ILoggingEvent> {
        private final List<String> all = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            all.add(event.getFormattedMessage());
        }
    }

    @TempDir
    Path data;

    private static int ask(String method, int port, String path, String who, String body) throws Exception {
        return ServedServices.ask(port, method, path, who, body).statusCode();
    }

    @Test
    void everyChangeAndEveryRefusalIsALineAndNoSecretIsInAny() throws Exception {
        Map<String, Object> overrides = new HashMap<>();
        overrides.put("finback.security.authenticate-reads", true);
        overrides.put("finback.security.authenticate-writes", true);
        overrides.put(
                "finback.security.credentials",
                Files.writeString(data.resolve("credentials"), "ops opsS3cret\ndev devS3cret\nbusy busyS3cret\n")
                        .toString());
        overrides.put(
                "finback.security.acls",
                Files.writeString(data.resolve("acls"), ACLS).toString());
        overrides.put(
                "finback.security.rate-limits",
                Files.writeString(data.resolve("limits"), "{\"limits\": [{\"principal\": \"busy\", \"qps\": 0.01}]}")
                        .toString());
        Config config = ControlPlaneHarness.config(data.resolve("node"), overrides);
        int services = config.getInt("finback.services.http.port");
        int cluster = config.getInt("finback.master.http.port");
        int management = config.getInt("finback.management.port");
        Lines lines = new Lines();
        lines.start();
        Logger logger = (Logger) LoggerFactory.getLogger("finback.audit");
        logger.setLevel(Level.INFO);
        logger.addAppender(lines);
        Node node = MasterNode.start(config);
        try {
            node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
            String app = "{\"id\":\"/a\",\"cmd\":\"true\",\"instances\":0,\"env\":{\"P\":\"envS3cret\"}}";
            assertThat(ask("PUT", services, "/v2/apps/a?token=queryS3cret", "ops:opsS3cret", app))
                    .isEqualTo(201);
            assertThat(ask("PUT", services, "/v2/apps/a", "dev:devS3cret", "{\"instances\":1}"))
                    .isEqualTo(403);
            assertThat(ask("DELETE", services, "/v2/apps/a", "ops:opsS3cret", ""))
                    .isEqualTo(200);
            assertThat(ask("POST", cluster, "/weights", "", "[]")).isEqualTo(401);
            assertThat(ask("GET", cluster, "/state", "ops:wrongS3cret", "")).isEqualTo(401);
            assertThat(ask("GET", cluster, "/x%0d%0aaudit.request%20principal=ops", "", ""))
                    .isEqualTo(401);
            assertThat(ask("GET", cluster, "/state", "busy:busyS3cret", "")).isEqualTo(200);
            for (int i = 0; i < 20; i++) {
                assertThat(ask("GET", cluster, "/state", "busy:busyS3cret", "")).isEqualTo(429);
            }
            assertThat(ask("DELETE", management, "/cluster/members/finback@127.0.0.1:1", "ops:opsS3cret", ""))
                    .isEqualTo(403);
        } finally {
            node.stop().toCompletableFuture().get(30, TimeUnit.SECONDS);
            logger.detachAppender(lines);
            logger.setLevel(null);
        }
        assertThat(lines.all)
                .contains(
                        "audit.request port=services principal=ops method=PUT path=/v2/apps/a status=201 client=127.0.0.1",
                        "audit.forbidden port=services principal=dev action=UPDATE_APP object=/a",
                        "audit.request port=services principal=dev method=PUT path=/v2/apps/a status=403 client=127.0.0.1",
                        "audit.request port=services principal=ops method=DELETE path=/v2/apps/a status=200 client=127.0.0.1",
                        "audit.unauthenticated port=cluster method=POST path=/weights client=127.0.0.1 reason=no"
                                + " credentials were given",
                        "audit.forbidden port=management principal=ops action=CHANGE_MEMBER"
                                + " object=akka://finback@127.0.0.1:1",
                        "audit.request port=management principal=ops method=DELETE"
                                + " path=/cluster/members/finback@127.0.0.1:1 status=403 client=127.0.0.1");
        assertThat(lines.all.stream().filter(line -> line.startsWith("audit.throttled")))
                .contains("audit.throttled port=cluster principal=busy method=GET path=/state client=127.0.0.1"
                        + " othersSinceLast=0")
                .as("one a second, however many there are")
                .hasSizeLessThan(20);
        assertThat(lines.all)
                .anyMatch(line -> line.startsWith("audit.unauthenticated port=cluster method=GET path=/state"))
                .allSatisfy(line -> assertThat(line).doesNotContain("S3cret", "\n", "\r"));
    }
}
