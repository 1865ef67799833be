package io.finback.controlplane.chronosapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A master ends and another goes on from its journal; the tasks outlive it. */
class JobsRestartTest {
    @TempDir
    Path data;

    private static List<String> ids(FakeWorld world, String job) {
        return world.all().stream()
                .map(t -> t.info.id().value())
                .filter(id -> id.contains(":" + job + ":"))
                .toList();
    }

    private static void job(JobsMaster master, String json) {
        assertThat(master.post("/v1/scheduler/iso8601", json).status()).as(json).isEqualTo(204);
    }

    /** Findings 6 and 7: a second copy after a failover; jobs lost on a restart. */
    @Test
    void nothingAcknowledgedIsLostAndWhatRunsIsNotRunAgain() {
        FakeWorld world = new FakeWorld().agents(2, Resources.of(4, 4096, 10000));
        try (JobsMaster first = new JobsMaster(data, world)) {
            job(first, "{\"name\":\"running\",\"command\":\"sleep 100\",\"schedule\":\"R1//PT24H\"}");
            job(first, "{\"name\":\"later\",\"command\":\"x\",\"schedule\":\"R/2099-01-01T00:00:00Z/P1D\"}");
            assertThat(first.post(
                                    "/v1/scheduler/dependency",
                                    "{\"name\":\"child\",\"command\":\"x\",\"parents\":[\"running\"]}")
                            .status())
                    .isEqualTo(204);
            TestMaster.await(
                    "running", () -> first.get("/v1/scheduler/graph/csv").text().contains("running,fresh,1 running"));
        }
        for (int restart = 0; restart < 2; restart++) {
            try (JobsMaster next = new JobsMaster(data, world)) {
                assertThat(next.get("/v1/scheduler/jobs").json().findValuesAsText("name"))
                        .containsExactly("child", "later", "running");
                assertThat(next.get("/v1/scheduler/graph/csv").text())
                        .contains("node,running,fresh,1 running", "link,running,child");
            }
        }
        try (JobsMaster last = new JobsMaster(data, world)) {
            assertThat(ids(world, "running")).hasSize(1);
            world.ends(t -> Optional.of(TaskState.FINISHED));
            TestMaster.await(
                    "child has run",
                    () -> last.get("/v1/scheduler/job/child")
                                    .json()
                                    .path("successCount")
                                    .asInt()
                            == 1);
            assertThat(last.get("/v1/scheduler/job/running")
                            .json()
                            .path("successCount")
                            .asInt())
                    .isEqualTo(1);
            assertThat(ids(world, "running")).hasSize(1);
            assertThat(world.doubleLaunches).isZero();
        }
    }

    /** What came due while nobody was there is run or written down, by the job's own rule. */
    @Test
    void occurrencesOfAnAbsenceAreAllAccountedFor() {
        FakeWorld world = new FakeWorld().agents(2, Resources.of(4, 4096, 10000));
        world.ends(t -> Optional.of(TaskState.FINISHED));
        try (JobsMaster first = new JobsMaster(data, world)) {
            job(first, "{\"name\":\"second\",\"command\":\"x\",\"cpus\":0.01,\"schedule\":\"R//PT1S\"}");
            // Between two runs: one that is open when its master goes would be in the way of those of the absence.
            TestMaster.await(
                    "two runs that ended",
                    () -> first.get("/v1/scheduler/job/second")
                                    .json()
                                    .path("successCount")
                                    .asInt()
                            >= 2);
        }
        int before = ids(world, "second").size();
        long left = System.currentTimeMillis();
        long absence = System.nanoTime();
        TestMaster.await("three seconds", () -> System.nanoTime() - absence > 3_000_000_000L);
        long back = System.currentTimeMillis();
        try (JobsMaster next = new JobsMaster(data, world)) {
            TestMaster.await("caught up", () -> ids(world, "second").size() >= before + 5);
            List<Long> due = ids(world, "second").stream()
                    .map(id -> Long.parseLong(id.split(":", -1)[1]))
                    .distinct()
                    .toList();
            assertThat(ids(world, "second")).as("no task id twice").doesNotHaveDuplicates();
            assertThat(world.doubleLaunches).isZero();
            long missed = next.get("/v1/scheduler/job/second/history")
                    .json()
                    .path("notRun")
                    .asLong();
            long span = (Collections.max(due) - Collections.min(due)) / 1000 + 1;
            assertThat(due.size() + missed).as("%s", due).isGreaterThanOrEqualTo(span);
            assertThat(due).as("of the absence, too").anyMatch(d -> d > left && d < back);
        }
    }

    /** Findings 2 and 4: machines and their master are away for a while; then new tasks run, unaided. */
    @Test
    void newTasksRunWhenTheMachinesAreBack() {
        FakeWorld world = new FakeWorld().agents(2, Resources.of(4, 4096, 10000));
        world.ends(t -> Optional.of(TaskState.FINISHED));
        try (JobsMaster master = new JobsMaster(data, world)) {
            world.scheduler(false);
            job(master, "{\"name\":\"patient\",\"command\":\"x\",\"schedule\":\"R1//PT24H\"}");
            long since = System.nanoTime();
            TestMaster.await("a second without machines", () -> System.nanoTime() - since > 1_000_000_000L);
            assertThat(master.get("/v1/scheduler/jobs/summary").text()).contains("\"state\":\"queued\"");
            world.scheduler(true);
            TestMaster.await(
                    "run",
                    () -> master.get("/v1/scheduler/job/patient")
                                    .json()
                                    .path("successCount")
                                    .asInt()
                            == 1);
        }
    }

    /** Findings 3 and 4: a master that has lost the others answers at once, stays up, and recovers unaided. */
    @Test
    void aMasterWithoutACoordinatorAnswersWithinASecondAndRecovers() {
        FakeWorld world = new FakeWorld().agents(1, Resources.of(4, 4096, 10000));
        String body = "{\"name\":\"refused\",\"command\":\"x\",\"schedule\":\"R/2099-01-01T00:00:00Z/P1D\"}";
        try (JobsMaster master = JobsMaster.alone(data, world, Duration.ofMillis(900))) {
            assertThat(master.get("/v1/scheduler/jobs").status()).isEqualTo(200);
            long begun = System.nanoTime();
            JobsMaster.Reply refused = master.post("/v1/scheduler/iso8601", body);
            Duration took = Duration.ofNanos(System.nanoTime() - begun);
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.raw().headers().firstValue("Retry-After")).contains("1");
            // The limit is 0.9 s; the rest is a machine that has other things to do.
            assertThat(took).isLessThan(Duration.ofSeconds(5));
            assertThat(master.get("/v1/scheduler/leader").status()).isEqualTo(200);
            master.join();
            TestMaster.await(
                    "accepted", () -> master.post("/v1/scheduler/iso8601", body).status() == 204);
            assertThat(master.get("/v1/scheduler/job/refused").status()).isEqualTo(200);
        }
    }

    @Test
    void manyJobsAreThereAfterARestart() {
        FakeWorld world = new FakeWorld().agents(1, Resources.of(4, 4096, 10000));
        int count = 300;
        try (JobsMaster first = new JobsMaster(data, world)) {
            IntStream.range(0, count)
                    .forEach(i -> job(
                            first,
                            "{\"name\":\"job-" + i
                                    + "\",\"command\":\"x\",\"schedule\":\"R/2099-01-01T00:00:00Z/P1D\"}"));
        }
        try (JobsMaster next = new JobsMaster(data, world)) {
            assertThat(next.get("/v1/scheduler/jobs").json()).hasSize(count);
            assertThat(world.all()).isEmpty();
        }
    }

    /** Runs have until the deadline to end; then they run again elsewhere, and nothing has failed. */
    @Test
    void aDrainedHostIsLeftAtTheDeadline() {
        FakeWorld world = new FakeWorld().agents(2, Resources.of(4, 4096, 10000));
        try (JobsMaster master = new JobsMaster(data, world)) {
            job(master, "{\"name\":\"long\",\"command\":\"sleep 100\",\"schedule\":\"R1//PT24H\",\"retries\":0}");
            TestMaster.await("running", () -> running(world).size() == 1);
            String first = running(world).get(0).info.agent().value();
            String host = "host-" + first;
            java.time.Instant now = java.time.Instant.now();
            master.drains = new DrainBook(
                    Map.of(host, new DrainBook.Drain(host, now, now.plus(java.time.Duration.ofHours(1)))));
            job(master, "{\"name\":\"other\",\"command\":\"sleep 100\",\"schedule\":\"R1//PT24H\"}");
            TestMaster.await("both run", () -> running(world).size() == 2);
            assertThat(running(world).stream()
                            .filter(t -> t.info.agent().value().equals(first)))
                    .as("nothing new comes to it, and what runs there runs on")
                    .hasSize(1);
            master.drains = new DrainBook(Map.of(host, new DrainBook.Drain(host, now, now)));
            TestMaster.await(
                    "left",
                    () -> running(world).size() == 2
                            && running(world).stream()
                                    .noneMatch(t -> t.info.agent().value().equals(first)));
            assertThat(ids(world, "long")).hasSize(2);
            assertThat(master.get("/v1/scheduler/job/long")
                            .json()
                            .path("errorCount")
                            .asInt())
                    .isZero();
            world.ends(t -> Optional.of(TaskState.FINISHED));
            TestMaster.await(
                    "done",
                    () -> master.get("/v1/scheduler/job/long")
                                    .json()
                                    .path("successCount")
                                    .asInt()
                            == 1);
        }
    }

    private static List<FakeWorld.Task> running(FakeWorld world) {
        return world.all().stream().filter(t -> t.state == TaskState.RUNNING).toList();
    }
}
