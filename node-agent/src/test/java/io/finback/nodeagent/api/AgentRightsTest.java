package io.finback.nodeagent.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.finback.nodeagent.node.ExecutorDoor;
import io.finback.nodeagent.testing.ServedAgent;
import io.finback.nodeagent.testing.TaskWorld;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.FrameworkId;
import io.finback.security.SecuritySettings;
import io.finback.tasks.TaskInfo;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may see and do what on an agent: over sockets, with credentials, an ACL file and real tasks. */
class AgentRightsTest {
    /** Everything that has to do with a task by the account it is of. */
    private static final List<String> BY_USER = List.of(
            "view_frameworks",
            "view_tasks",
            "view_executors",
            "view_containers",
            "access_sandboxes",
            "launch_nested_containers_as_user",
            "launch_nested_containers_under_parent_with_user",
            "launch_nested_container_sessions_as_user",
            "launch_nested_container_sessions_under_parent_with_user",
            "wait_nested_containers",
            "kill_nested_containers",
            "remove_nested_containers",
            "attach_containers_input",
            "attach_containers_output");

    @TempDir
    Path data;

    private ServedAgent agent;
    private String mine;
    private String theirs;

    @AfterEach
    void stop() {
        if (agent != null) {
            agent.close();
        }
    }

    /** Two tasks: one of the account {@code team}, one of {@code others}; {@code dev} is of the team. */
    private void serve(String more) throws Exception {
        StringBuilder acls = new StringBuilder("{").append(more);
        for (String action : BY_USER) {
            acls.append(acls.length() > 1 ? "," : "")
                    .append("\"")
                    .append(action)
                    .append("\": [")
                    .append("""
                    {"principals": {"values": ["dev"]}, "users": {"values": ["team"]}},
                    {"principals": {"values": ["ops"]}, "users": {"type": "ANY"}},
                    {"principals": {"type": "NONE"}, "users": {"type": "ANY"}}]""");
        }
        Path rules = Files.writeString(data.resolve("acls"), acls.append("}"));
        Path credentials = Files.writeString(data.resolve("credentials"), "dev d\nops o\n");
        agent = new ServedAgent(
                new TaskWorld(Files.createDirectories(data.resolve("agent"))),
                ExecutorDoor.OPEN,
                SecuritySettings.from(
                        ConfigFactory.parseString("finback.security { credentials = \"" + credentials + "\", acls = \""
                                        + rules + "\", authenticate-reads = true, authenticate-writes = true }")
                                .withFallback(ConfigFactory.defaultReference())
                                .resolve()));
        mine = agent.launch(of("team", "visible", "framework-team"));
        theirs = agent.launch(of("others", "hidden", "framework-hidden"));
    }

    private static TaskInfo of(String account, String id, String framework) {
        TaskInfo task = Tasks.of(FrameworkId.of(framework), Tasks.shell(id, "echo said; exec sleep 600", Map.of()));
        return task.withOptions(task.options().withFrameworkUser(account));
    }

    @Test
    void whatMayNotBeSeenIsNowhere() throws Exception {
        serve("");
        for (String path : List.of(
                "/state",
                "/state.json",
                "/slave(1)/state",
                "/containers",
                "/monitor/statistics",
                "/monitor/statistics.json")) {
            HttpResponse<String> answer = agent.as("dev", "d").get(path);
            assertThat(answer.statusCode()).as(path).isEqualTo(200);
            assertThat(answer.body()).as(path).contains("visible").doesNotContain("hidden", theirs);
            assertThat(agent.as("ops", "o").get(path).body()).as(path).contains("visible", "hidden");
        }
        for (String call : List.of("GET_STATE", "GET_TASKS", "GET_EXECUTORS", "GET_FRAMEWORKS", "GET_CONTAINERS")) {
            String shown = call.equals("GET_FRAMEWORKS") ? "framework-team" : "visible";
            HttpResponse<String> answer = agent.as("dev", "d").call("{\"type\":\"" + call + "\"}");
            assertThat(answer.statusCode()).as(call).isEqualTo(200);
            assertThat(answer.body()).as(call).contains(shown).doesNotContain("hidden", theirs);
            assertThat(agent.as("ops", "o").call("{\"type\":\"" + call + "\"}").body())
                    .as(call)
                    .contains(shown, "hidden");
        }
    }

    @Test
    void sandboxesAreThoseOfTheirAccounts() throws Exception {
        serve("");
        agent.as("dev", "d");
        Path own = agent.sandbox("visible");
        Path other = agent.sandbox("hidden");
        assertThat(files("browse", own.toString())).isEqualTo(200);
        assertThat(files("read", own + "/stdout")).isEqualTo(200);
        assertThat(files("download", own + "/stdout")).isEqualTo(200);
        for (String path : List.of(
                other.toString(),
                other + "/stdout",
                "/frameworks/framework-hidden/executors/hidden/runs/latest/stdout",
                other.getParent().toString(),
                "/frameworks")) {
            for (String way : List.of("browse", "read", "download", "follow")) {
                assertThat(files(way, path)).as(way + " " + path).isEqualTo(403);
            }
            assertThat(agent.call("{\"type\":\"LIST_FILES\",\"list_files\":{\"path\":\"" + path + "\"}}")
                            .statusCode())
                    .isEqualTo(403);
        }
        // A link of the task's own leads nowhere else.
        Files.createSymbolicLink(own.resolve("link"), other.resolve("stdout"));
        assertThat(files("read", own + "/link")).isEqualTo(403);
        agent.as("ops", "o");
        assertThat(files("read", other + "/stdout")).isEqualTo(200);
        assertThat(files("browse", "/frameworks")).isEqualTo(200);
    }

    private int files(String way, String path) throws Exception {
        return agent.get("/files/" + way + "?path=" + path + (way.equals("read") ? "&offset=0" : ""))
                .statusCode();
    }

    @Test
    void commandsBesideATaskAreForWhoMayRunThemThere() throws Exception {
        serve("");
        agent.as("dev", "d");
        for (String container : List.of(mine, theirs)) {
            int expected = container.equals(mine) ? 200 : 403;
            String id = "{\"value\":\"beside\",\"parent\":{\"value\":\"" + container + "\"}}";
            String command = ",\"command\":{\"value\":\"exec sleep 600\"}";
            assertThat(nested("launch_nested_container", id, command)).isEqualTo(expected);
            assertThat(nested("kill_nested_container", id, "")).isEqualTo(expected);
            assertThat(nested("wait_nested_container", id, "")).isEqualTo(expected);
            assertThat(nested("attach_container_output", id, "")).isEqualTo(expected);
            assertThat(nested("remove_nested_container", id, "")).isEqualTo(expected);
            String session = "{\"value\":\"session\",\"parent\":{\"value\":\"" + container + "\"}}";
            assertThat(nested("launch_nested_container_session", session, ",\"command\":{\"value\":\"true\"}"))
                    .isEqualTo(expected);
        }
        assertThat(agent.type(theirs)).isEqualTo(403);
        assertThat(agent.type(mine))
                .as("it has no terminal, which only who may type hears")
                .isEqualTo(404);
        // As somebody else than the task.
        String id = "{\"value\":\"beside\",\"parent\":{\"value\":\"" + mine + "\"}}";
        assertThat(nested("launch_nested_container", id, ",\"command\":{\"value\":\"true\",\"user\":\"others\"}"))
                .isEqualTo(403);
    }

    private int nested(String field, String id, String more) throws Exception {
        return agent.call("{\"type\":\"" + field.toUpperCase(java.util.Locale.ROOT) + "\",\"" + field
                        + "\":{\"container_id\":" + id + more + "}}")
                .statusCode();
    }

    @Test
    void whatIsOfTheAgentItselfIsForWhoMayHaveIt() throws Exception {
        serve("""
                "view_flags": [{"principals": {"values": ["ops"]}, "flags": {"type": "ANY"}},
                               {"principals": {"type": "NONE"}, "flags": {"type": "ANY"}}],
                "access_mesos_logs": [{"principals": {"type": "NONE"}, "logs": {"type": "ANY"}}],
                "set_log_level": [{"principals": {"type": "NONE"}, "level": {"type": "ANY"}}],
                "prune_images": [{"principals": {"type": "NONE"}, "images": {"type": "ANY"}}]""");
        agent.as("dev", "d");
        assertThat(agent.get("/flags").statusCode()).isEqualTo(403);
        assertThat(agent.call("{\"type\":\"GET_FLAGS\"}").statusCode()).isEqualTo(403);
        assertThat(agent.get("/state").body()).doesNotContain("\"flags\"");
        assertThat(agent.call("{\"type\":\"PRUNE_IMAGES\"}").statusCode()).isEqualTo(403);
        assertThat(agent.call("{\"type\":\"SET_LOGGING_LEVEL\",\"set_logging_level\":{\"level\":1,"
                                + "\"duration\":{\"nanoseconds\":1000000}}}")
                        .statusCode())
                .isEqualTo(403);
        agent.as("ops", "o");
        assertThat(agent.get("/flags").statusCode()).isEqualTo(200);
        assertThat(agent.get("/state").body()).contains("\"flags\"");
    }
}
