package io.finback.controlplane.chronosapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.chronosapi.JobsMaster.Reply;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chronos' API over a real port: the shapes and codes of the reference, C1 and C2. */
class JobsApiTest {
    private static final String OLD = "R/2015-01-01T00:00:00Z/P1Y";
    private static final String NEVER = "R/2099-01-01T00:00:00Z/P1Y";

    @TempDir
    static Path data;

    static FakeWorld world;
    static JobsMaster master;
    /** By job name: how its tasks end. */
    static final ConcurrentHashMap<String, TaskState> ENDS = new ConcurrentHashMap<>();

    @BeforeAll
    static void start() {
        world = new FakeWorld().agents(3, Resources.of(4, 4096, 10000));
        world.ends(task -> Optional.ofNullable(ENDS.get(job(task))));
        master = new JobsMaster(data, world);
    }

    @AfterAll
    static void stop() {
        master.close();
    }

    private static String job(TaskInfo task) {
        return task.command().environment().getOrDefault("CHRONOS_JOB_NAME", "");
    }

    private static List<TaskInfo> tasks(String name) {
        return world.all().stream()
                .map(t -> t.info)
                .filter(t -> job(t).equals(name))
                .toList();
    }

    private static void create(String name, String more) {
        Reply reply = master.post(
                "/v1/scheduler/iso8601", "{\"name\":\"" + name + "\",\"command\":\"echo " + name + "\"" + more + "}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(204);
    }

    private static void depend(String name, String parents) {
        Reply reply = master.post(
                "/v1/scheduler/dependency",
                "{\"name\":\"" + name + "\",\"command\":\"echo " + name + "\",\"parents\":" + parents + "}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(204);
    }

    private static JsonNode shown(String name) {
        return master.get("/v1/scheduler/job/" + name).json();
    }

    private static void awaitTasks(String name, int count) {
        TestMaster.await(count + " tasks of " + name, () -> tasks(name).size() >= count);
    }

    private static void awaitSuccess(String name, int count) {
        TestMaster.await(
                count + " successes of " + name,
                () -> shown(name).path("successCount").asInt() >= count);
    }

    @Test
    void runsAJobAndShowsItInEveryFieldOfChronos() {
        ENDS.put("all-fields", TaskState.FINISHED);
        create(
                "all-fields",
                ",\"schedule\":\"" + OLD
                        + "\",\"cpus\":\"0.5\",\"mem\":64,\"disk\":1,\"owner\":\"a@b.c\",\"ownerName\":\"A\","
                        + "\"description\":\"d\",\"retries\":3,\"environmentVariables\":[{\"name\":\"K\",\"value\":\"v\"}],"
                        + "\"constraints\":[[\"rack\",\"EQUALS\",\"r1\"]],\"epsilon\":\"PT30M\",\"runAsUser\":\"root\","
                        + "\"uris\":[\"http://x/y.tgz\"],\"container\":null,\"highPriority\":true,\"unknownField\":{}");
        // With an epsilon the occurrence of the first of January is too late.
        assertThat(master.put("/v1/scheduler/job/all-fields?arguments=--now", "")
                        .status())
                .isEqualTo(204);
        awaitSuccess("all-fields", 1);
        JsonNode job = shown("all-fields");
        Set<String> keys = new TreeSet<>();
        job.fieldNames().forEachRemaining(keys::add);
        assertThat(keys)
                .contains(
                        "name",
                        "command",
                        "shell",
                        "arguments",
                        "environmentVariables",
                        "runAsUser",
                        "uris",
                        "fetch",
                        "executor",
                        "executorFlags",
                        "taskInfoData",
                        "owner",
                        "ownerName",
                        "description",
                        "dataProcessingJobType",
                        "retries",
                        "disabled",
                        "softError",
                        "async",
                        "concurrent",
                        "epsilon",
                        "cpus",
                        "mem",
                        "disk",
                        "highPriority",
                        "constraints",
                        "successCount",
                        "errorCount",
                        "errorsSinceLastSuccess",
                        "lastSuccess",
                        "lastError",
                        "schedule",
                        "scheduleTimeZone",
                        "maxCompletionTime");
        assertThat(job.path("schedule").asText()).matches("R/20\\d\\d-01-01T00:00:00.000Z/P1Y");
        assertThat(job.path("lastSuccess").asText()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
        assertThat(job.path("lastError").asText()).isEmpty();
        assertThat(job.path("cpus").asDouble()).isEqualTo(0.5);
        TaskInfo task = tasks("all-fields").get(0);
        assertThat(task.id().value()).matches("ct:\\d{13}:0:all-fields:--now");
        assertThat(task.command().value()).isEqualTo("echo all-fields --now");
        assertThat(task.command().user()).contains("root");
        assertThat(task.command().uris()).singleElement().satisfies(u -> assertThat(u.value())
                .isEqualTo("http://x/y.tgz"));
        assertThat(task.command().environment())
                .containsEntry("K", "v")
                .containsEntry("CHRONOS_JOB_OWNER", "a@b.c")
                .containsEntry("CHRONOS_JOB_RUN_ATTEMPT", "0")
                .containsEntry("CHRONOS_RESOURCE_CPU", "0.5")
                .containsKeys("MESOS_TASK_ID", "mesos_task_id", "CHRONOS_JOB_RUN_TIME", "HOST");
        JsonNode history = master.get("/v1/scheduler/job/all-fields/history").json();
        assertThat(history.path("history").findValuesAsText("outcome")).containsExactly("SUCCEEDED", "MISSED");
        // What was read can be put back, as the UI of Chronos does.
        assertThat(master.post("/v1/scheduler/iso8601", job.toString()).status())
                .isEqualTo(204);
        assertThat(shown("all-fields").path("successCount").asInt()).isEqualTo(1);
    }

    @Test
    void aJobOfEverySecondRunsEverySecond() {
        ENDS.put("every-second", TaskState.FINISHED);
        create("every-second", ",\"schedule\":\"R//PT1S\",\"cpus\":0.01,\"mem\":1,\"disk\":0");
        awaitSuccess("every-second", 6);
        List<Long> due = tasks("every-second").stream()
                .map(t -> Long.parseLong(t.id().value().split(":", -1)[1]))
                .toList();
        for (int i = 1; i < due.size(); i++) {
            assertThat(due.get(i) - due.get(i - 1)).as("%s", due).isEqualTo(1000);
        }
        assertThat(master.delete("/v1/scheduler/job/every-second").status()).isEqualTo(204);
        assertThat(master.get("/v1/scheduler/job/every-second").status()).isEqualTo(400);
    }

    @Test
    void childrenRunWhenAllTheirParentsHaveSucceeded() {
        for (String name : List.of("p1", "p2", "kid")) {
            ENDS.put(name, TaskState.FINISHED);
        }
        create("p1", ",\"schedule\":\"" + NEVER + "\"");
        create("p2", ",\"schedule\":\"" + NEVER + "\"");
        depend("kid", "[\"p1\",\"p2\"]");
        depend("grandkid", "[\"kid\"]");
        assertThat(master.put("/v1/scheduler/job/p1", "").status()).isEqualTo(204);
        awaitSuccess("p1", 1);
        assertThat(tasks("kid")).isEmpty();
        Reply marked = master.put("/v1/scheduler/job/success/p2", "");
        assertThat(marked.status()).isEqualTo(200);
        assertThat(marked.text()).isEqualTo("marked job p2 as successful: true");
        awaitSuccess("kid", 1);
        awaitTasks("grandkid", 1);
        Reply circle = master.post(
                "/v1/scheduler/dependency", "{\"name\":\"kid\",\"command\":\"x\",\"parents\":[\"grandkid\"]}");
        assertThat(circle.status()).isEqualTo(400);
        assertThat(circle.json().path("message").asText()).contains("kid waits for grandkid waits for kid");
        assertThat(circle.json().path("status").asText()).isEqualTo("Bad Request");

        String csv = master.get("/v1/scheduler/graph/csv").text();
        assertThat(csv)
                .contains(
                        "node,p1,success,idle\n",
                        "node,grandkid,fresh,1 running\n",
                        "link,p1,kid\n",
                        "link,kid,grandkid\n");
        assertThat(master.get("/v1/scheduler/graph/dot").text())
                .startsWith("digraph")
                .contains("\"p1\" -> \"kid\";");

        // A removed dependent job leaves its parents to its children; a scheduled one its schedule.
        assertThat(master.delete("/v1/scheduler/job/kid").status()).isEqualTo(204);
        assertThat(shown("grandkid").path("parents").toString()).isEqualTo("[\"p1\",\"p2\"]");
        assertThat(master.delete("/v1/scheduler/job/p1").status()).isEqualTo(204);
        assertThat(shown("grandkid").path("schedule").asText()).isEqualTo("R/2099-01-01T00:00:00.000Z/P1Y");
    }

    @Test
    void aFailedJobIsTriedAgainAndItsChildrenWaitUnlessTheErrorIsSoft() {
        ENDS.put("fails", TaskState.FAILED);
        ENDS.put("fails-softly", TaskState.FAILED);
        create("fails", ",\"schedule\":\"" + NEVER + "\",\"retries\":1");
        create("fails-softly", ",\"schedule\":\"" + NEVER + "\",\"retries\":0,\"softError\":true");
        depend("after-fails", "[\"fails\"]");
        depend("after-soft", "[\"fails-softly\"]");
        var unused1 = master.put("/v1/scheduler/job/fails", "");
        var unused2 = master.put("/v1/scheduler/job/fails-softly", "");
        TestMaster.await("counted", () -> shown("fails").path("errorCount").asInt() == 1);
        assertThat(tasks("fails")).hasSize(2);
        awaitTasks("after-soft", 1);
        assertThat(tasks("after-fails")).isEmpty();
        JsonNode stat = master.get("/v1/scheduler/job/stat/fails").json();
        assertThat(stat.path("taskStatHistory").findValuesAsText("status")).containsExactly("Failed", "Failed");
        assertThat(stat.path("histogram").has("99thPercentile")).isTrue();
    }

    @Test
    void killsWhatRunsAndRunsOneAtATime() {
        create("long", ",\"schedule\":\"" + NEVER + "\"");
        var unused3 = master.put("/v1/scheduler/job/long", "");
        awaitTasks("long", 1);
        var unused4 = master.put("/v1/scheduler/job/long", "");
        TestMaster.await(
                "running", () -> master.get("/v1/scheduler/graph/csv").text().contains("node,long,fresh,1 running"));
        assertThat(tasks("long")).hasSize(1);
        assertThat(master.delete("/v1/scheduler/task/kill/long").status()).isEqualTo(204);
        awaitTasks("long", 2);
        assertThat(world.doubleLaunches).isZero();
    }

    @Test
    void anAsynchronousJobIsEndedByARequest() {
        ENDS.put("async", TaskState.FINISHED);
        create("async", ",\"schedule\":\"" + NEVER + "\",\"async\":true,\"dataProcessingJobType\":true");
        var unused5 = master.put("/scheduler/job/async", "");
        awaitTasks("async", 1);
        String task = tasks("async").get(0).id().value().replace(" ", "%20");
        assertThat(master.post(
                                "/v1/scheduler/job/async/task/" + task + "/progress",
                                "{\"numAdditionalElementsProcessed\":5}")
                        .status())
                .isEqualTo(204);
        TestMaster.await(
                "its command has ended",
                () -> master.get("/v1/scheduler/job/async/history").text().contains("\"ASYNC\""));
        assertThat(shown("async").path("successCount").asInt()).isZero();
        assertThat(master.put("/scheduler/task/" + task, "{\"statusCode\":0}").status())
                .isEqualTo(204);
        assertThat(shown("async").path("successCount").asInt()).isEqualTo(1);
        assertThat(master.put("/scheduler/task/" + task, "{\"statusCode\":0}").status())
                .isEqualTo(400);
        assertThat(master.get("/v1/scheduler/job/stat/async").text()).contains("\"numElementsProcessed\":5");
    }

    @Test
    void listsSearchesAndSumsUp() {
        ENDS.put("find-me", TaskState.FINISHED);
        create("find-me", ",\"schedule\":\"" + NEVER + "\"");
        var unused6 = master.put("/v1/scheduler/job/find-me", "");
        awaitSuccess("find-me", 1);
        for (String path :
                List.of("/v1/scheduler/jobs", "/scheduler/jobs", "/v1/scheduler/jobs/", "//v1//scheduler//jobs")) {
            assertThat(master.get(path).json().findValuesAsText("name"))
                    .as(path)
                    .contains("find-me");
        }
        assertThat(master.get("/v1/scheduler/jobs/search?name=FIND-M").json()).hasSize(1);
        assertThat(master.get("/v1/scheduler/jobs/search?any=echo%20find").json())
                .hasSize(1);
        assertThat(master.get("/v1/scheduler/jobs/search?name=find-me&limit=0").json())
                .isEmpty();
        assertThat(master.get("/v1/scheduler/jobs/search?limit=x").status()).isEqualTo(400);
        JsonNode summary = master.get("/v1/scheduler/jobs/summary").json().path("jobs");
        assertThat(summary.toString())
                .contains("{\"name\":\"find-me\",\"status\":\"success\",\"state\":\"idle\",\"schedule\":\"");
        assertThat(master.get("/v1/scheduler/stats/mean").json().findValuesAsText("jobNameLabel"))
                .contains("find-me");
        assertThat(master.get("/v1/scheduler/stats/worst").status()).isEqualTo(400);
        assertThat(master.get("/v1/scheduler/leader").text()).isEqualTo("{\"leader\":\"127.0.0.1:8080\"}");
        assertThat(master.get("/scheduler/isMaster").text()).isEqualTo("true");
        assertThat(master.get("/v1/scheduler/metrics").text())
                .contains("finback_job_jobs{state=\"enabled\"}", "finback_job_runs{phase=\"running\"}");
        assertThat(master.get("/v2/apps").status()).as("not ours").isEqualTo(404);
    }

    @Test
    void aCronJobIsFirstClass() {
        ENDS.put("cron-job", TaskState.FINISHED);
        create("cron-job", ",\"cron\":\"* * * * * *\",\"scheduleTimeZone\":\"Europe/Berlin\",\"overlap\":\"QUEUE\"");
        awaitSuccess("cron-job", 2);
        JsonNode job = shown("cron-job");
        assertThat(job.path("cron").asText()).isEqualTo("* * * * * *");
        assertThat(job.path("overlap").asText()).isEqualTo("QUEUE");
        assertThat(job.path("next").asText()).isNotEmpty();
        assertThat(master.delete("/v1/scheduler/job/cron-job").status()).isEqualTo(204);
    }

    @Test
    void aJobWithoutAScheduleRunsOnceAtOnceAndIsDisabledThen() {
        ENDS.put("once", TaskState.FINISHED);
        create("once", "");
        awaitSuccess("once", 1);
        TestMaster.await("disabled", () -> shown("once").path("disabled").asBoolean());
        assertThat(shown("once").path("schedule").asText()).startsWith("R0/");
    }

    @Test
    void whatTheAgentIsToDoIsHandedToIt() {
        create(
                "handed",
                ",\"schedule\":\"R1//PT24H\",\"maxCompletionTime\":90000,\"runAsUser\":\"nobody\",\"shell\":false,"
                        + "\"arguments\":[\"-a\",\"b\"],\"fetch\":[{\"uri\":\"http://x/y.tgz\",\"extract\":false,\"cache\":true}],"
                        + "\"container\":{\"type\":\"DOCKER\",\"image\":\"busybox\",\"network\":\"BRIDGE\",\"forcePullImage\":true,"
                        + "\"volumes\":[{\"containerPath\":\"/in\",\"hostPath\":\"/out\",\"mode\":\"RO\"}]}");
        awaitTasks("handed", 1);
        TaskInfo task = tasks("handed").get(0);
        assertThat(task.command().user()).contains("nobody");
        assertThat(task.command().shell()).isFalse();
        assertThat(task.command().arguments()).endsWith("-a", "b");
        assertThat(task.command().uris().get(0).cache()).isTrue();
        var container = task.options().container().orElseThrow();
        assertThat(container.docker().orElseThrow().image()).isEqualTo("busybox");
        assertThat(container.docker().orElseThrow().forcePullImage()).isTrue();
        assertThat(container.volumes().get(0).readOnly()).isTrue();
    }

    @Test
    void badInputChangesNothingAndNamesTheField() {
        for (String[] bad : List.of(
                new String[] {"{", "JSON"},
                new String[] {"[]", "JSON object"},
                new String[] {"{}", "name"},
                new String[] {"{\"name\":\"a/b\"}", "name"},
                new String[] {"{\"name\":\"a:b\"}", "name"},
                new String[] {"{\"name\":\"bad\",\"schedule\":\"daily\"}", "schedule"},
                new String[] {"{\"name\":\"bad\",\"schedule\":\"R/1969-01-01T00:00:00Z/PT1H\"}", "1970"},
                new String[] {"{\"name\":\"bad\",\"schedule\":\"R//PT1H\",\"scheduleTimeZone\":\"Nowhere\"}", "Nowhere"
                },
                new String[] {"{\"name\":\"bad\",\"cron\":\"61 * * * *\"}", "minute"},
                new String[] {"{\"name\":\"bad\",\"cron\":\"* * * * *\",\"schedule\":\"R//PT1H\"}", "cron"},
                new String[] {"{\"name\":\"bad\",\"cpus\":-1}", "cpus: -1"},
                new String[] {"{\"name\":\"bad\",\"cpus\":\"many\"}", "cpus"},
                new String[] {"{\"name\":\"bad\",\"retries\":1.5}", "retries"},
                new String[] {"{\"name\":\"bad\",\"parents\":[\"p\"]}", "parents"},
                new String[] {"{\"name\":\"bad\",\"overlap\":\"SOMETIMES\"}", "overlap"},
                new String[] {"{\"name\":\"bad\",\"overlap\":\"QUEUE\",\"concurrent\":true}", "overlap"},
                new String[] {"{\"name\":\"bad\",\"constraints\":[[\"a\",\"IS\",\"b\"]]}", "constraints"},
                new String[] {"{\"name\":\"bad\",\"constraints\":[[\"a\",\"LIKE\",\"(\"]]}", "constraints"},
                new String[] {"{\"name\":\"bad\",\"executor\":\"/x\"}", "executor"},
                new String[] {"{\"name\":\"bad\",\"epsilon\":\"soon\"}", "epsilon"},
                new String[] {"{\"name\":\"bad\",\"container\":{\"type\":\"DOCKER\"}}", "container.image"},
                new String[] {
                    "{\"name\":\"bad\",\"container\":{\"type\":\"DOCKER\",\"image\":\"i\",\"networkInfos\":[{\"name\":\"n\"}]}}",
                    "networkInfos"
                },
                new String[] {"{\"name\":\"bad\",\"disabled\":\"perhaps\"}", "disabled"})) {
            Reply reply = master.post("/v1/scheduler/iso8601", bad[0]);
            assertThat(reply.status()).as(bad[0]).isEqualTo(400);
            assertThat(reply.json().path("message").asText()).as(bad[0]).contains(bad[1]);
        }
        assertThat(master.post("/v1/scheduler/dependency", "{\"name\":\"bad\",\"parents\":[]}")
                        .status())
                .isEqualTo(400);
        assertThat(master.post("/v1/scheduler/dependency", "{\"name\":\"bad\",\"parents\":[\"nobody\"]}")
                        .text())
                .contains("nobody");
        assertThat(master.get("/v1/scheduler/jobs").json().findValuesAsText("name"))
                .doesNotContain("bad");
        for (String path :
                List.of("/v1/scheduler/job/nobody", "/v1/scheduler/job/stat/nobody", "/v1/scheduler/job/a:b")) {
            assertThat(master.get(path).status()).as(path).isEqualTo(400);
        }
        assertThat(master.delete("/v1/scheduler/job/nobody").status()).isEqualTo(400);
        assertThat(master.put("/v1/scheduler/job/nobody", "").status()).isEqualTo(400);
        assertThat(master.put("/v1/scheduler/job/success/nobody", "").status()).isEqualTo(400);
        assertThat(master.delete("/v1/scheduler/task/kill/nobody").status()).isEqualTo(400);
        assertThat(master.put("/scheduler/task/nonsense", "{\"statusCode\":0}").status())
                .isEqualTo(400);
        assertThat(master.get("/v1/scheduler/nothing").status()).isEqualTo(404);
        assertThat(master.delete("/v1/scheduler/jobs").status()).isEqualTo(405);
        assertThat(master.post("/v1/scheduler/iso8601", "x".repeat(70_000)).status())
                .isEqualTo(413);
    }
}
