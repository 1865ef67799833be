package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.docker.DockerContainerizer;
import io.finback.nodeagent.docker.DockerSettings;
import io.finback.nodeagent.executor.LogLimits;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DockerOptions;
import io.finback.tasks.NetworkInfo;
import io.finback.tasks.PortMapping;
import io.finback.tasks.RunOptions;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.Volume;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks as containers of a real engine: what they see, how they end, and what an agent finds that comes after another. */
@Tag("process")
final class DockerContainerizerIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final LogLimits LOGS = new LogLimits(64 * 1024, 3);

    @TempDir
    private static Path engineDir;

    private static DockerEngine engine;

    @TempDir
    private Path dir;

    private DockerContainerizer docker;

    @BeforeAll
    static void startEngine() throws IOException {
        engine = DockerEngine.start(engineDir.resolve("engine"));
    }

    @AfterAll
    static void stopEngine() {
        if (engine != null) {
            engine.close();
        }
    }

    @BeforeEach
    void startAgent() throws IOException {
        docker = agent(Duration.ofHours(6));
        docker.endOrphans(Set.of());
    }

    @AfterEach
    void stopAgent() {
        docker.close();
        String left = engine.mustDocker("ps", "-aq");
        if (!left.isEmpty()) {
            for (String container : left.split("\\s+", -1)) {
                engine.mustDocker("rm", "-f", container);
            }
        }
    }

    private DockerContainerizer agent(Duration removeAfter) throws IOException {
        return new DockerContainerizer(
                new DockerSettings(
                        Optional.of(URI.create(engine.host())),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(20),
                        Optional.empty(),
                        removeAfter,
                        Optional.empty(),
                        LOGS),
                dir.resolve("docker"),
                dir.toString(),
                "whale.example",
                "boot-1");
    }

    @Test
    void runsACommandAndTellsItsExitStatus() throws Exception {
        ContainerSpec spec = spec(
                CommandInfo.shell("echo out; echo err >&2; exit 7", Map.of()),
                options().build());
        ContainerRef ref = run(spec);
        assertThat(end(ref)).isEqualTo(new Exit.Exited(7));
        assertThat(spec.begun()).exists();
        assertThat(spec.sandbox().resolve("stdout")).hasContent("out");
        assertThat(spec.sandbox().resolve("stderr")).hasContent("err");
    }

    @Test
    void hasTheEnvironmentTheSandboxAndTheLimitsOfItsTask() throws Exception {
        ContainerSpec spec = spec(
                CommandInfo.shell(
                        "env; pwd; touch /mnt/mesos/sandbox/made; cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
                                + " 2>/dev/null || cat /sys/fs/cgroup/memory.max",
                        Map.of("MINE", "a b=c")),
                options().build());
        assertThat(end(run(spec))).isEqualTo(new Exit.Exited(0));
        assertThat(Files.readString(spec.sandbox().resolve("stdout")))
                .contains("MINE=a b=c")
                .contains("HOST=whale.example")
                .contains("MESOS_TASK_ID=t")
                .contains("MESOS_SANDBOX=/mnt/mesos/sandbox")
                .contains("MESOS_CONTAINER_NAME=mesos-" + spec.container())
                .contains("67108864");
        assertThat(spec.sandbox().resolve("made")).exists();
    }

    @Test
    void isMeasured() throws Exception {
        ContainerRef ref = run(
                spec(CommandInfo.shell("exec sleep 600", Map.of()), options().build()));
        Waiting.until("it runs", LIMIT, () -> docker.begun(ref).isPresent());
        Usage usage = docker.usage(List.of(ref)).get(ref);
        assertThat(usage.memory().orElseThrow().limit()).contains(64L << 20);
        assertThat(usage.memory().orElseThrow().total()).isPositive();
        assertThat(usage.cpu()).isPresent();
        docker.forceKill(ref);
        assertThat(end(ref)).isEqualTo(new Exit.Exited(137));
    }

    @Test
    void givesItsArgumentsToTheImagesEntryPoint() throws Exception {
        ContainerSpec spec = spec(
                new CommandInfo(false, "", List.of("two", "words"), Map.of(), Optional.empty()),
                options().parameter("entrypoint", "/bin/echo").build());
        assertThat(end(run(spec))).isEqualTo(new Exit.Exited(0));
        assertThat(spec.sandbox().resolve("stdout")).hasContent("two words");
    }

    @Test
    void isReachedByItsMappedPortAndByItsAddress() throws Exception {
        int port = 31_000 + (int) (ProcessHandle.current().pid() % 900);
        ContainerSpec spec = spec(
                CommandInfo.shell("cd /mnt/mesos/sandbox; echo whale > index.html; exec httpd -f -p 80", Map.of()),
                options()
                        .network(DockerOptions.Network.BRIDGE)
                        .port(new PortMapping(port, 80, "tcp"))
                        .build());
        ContainerRef ref = run(spec);
        ContainerRef running = began(ref);
        assertThat(running.leader()).isPresent();
        List<NetworkInfo> networks = running.networks();
        assertThat(networks).hasSize(1);
        String address = networks.get(0).ipAddresses().get(0);
        assertThat(address).startsWith("10.213.");
        Waiting.until("port answers", LIMIT, () -> body("127.0.0.1", port).equals("whale\n"));
        assertThat(body(address, 80)).isEqualTo("whale\n");
        docker.terminate(ref);
        docker.forceKill(ref);
        assertThat(end(ref)).isInstanceOf(Exit.Exited.class);
    }

    @Test
    void isInTheNetworkOfTheUser() throws Exception {
        engine.mustDocker("network", "create", "--subnet=10.214.3.0/24", "whales");
        ContainerSpec spec = spec(
                CommandInfo.shell("sleep 600", Map.of()),
                options().network(DockerOptions.Network.USER).named("whales").build());
        ContainerRef ref = run(spec);
        NetworkInfo network = began(ref).networks().get(0);
        assertThat(network.name()).contains("whales");
        assertThat(network.ipAddresses().get(0)).startsWith("10.214.3.");
        docker.forceKill(ref);
        assertThat(end(ref)).isEqualTo(new Exit.Exited(137));
    }

    @Test
    void mountsHostPathsSandboxPathsAndTheEnginesVolumes() throws Exception {
        Path shared = Files.createDirectories(dir.resolve("shared"));
        Files.writeString(shared.resolve("hello"), "from the host\n");
        ContainerSpec spec = spec(
                CommandInfo.shell("cat /host/hello; touch /host/x; touch inbox/y /vol/z && ls /vol", Map.of()),
                options()
                        .volume(volume("/host", true, Volume.Source.HOST_PATH, shared.toString()))
                        .volume(volume("/mnt/mesos/sandbox/inbox", false, Volume.Source.HOST_PATH, "in"))
                        .volume(volume("/vol", false, Volume.Source.DOCKER_VOLUME, "whale-volume"))
                        .parameter("workdir", "/mnt/mesos/sandbox")
                        .build());
        assertThat(end(run(spec))).isEqualTo(new Exit.Exited(0));
        assertThat(Files.readString(spec.sandbox().resolve("stdout"))).isEqualTo("from the host\nz\n");
        assertThat(Files.readString(spec.sandbox().resolve("stderr"))).contains("Read-only");
        assertThat(shared.resolve("x")).doesNotExist();
        assertThat(spec.sandbox().resolve("in/y")).exists();
    }

    @Test
    void keepsOnlyTheLastOfWhatIsPrinted() throws Exception {
        ContainerSpec spec =
                spec(CommandInfo.shell("seq 1 40000", Map.of()), options().build());
        assertThat(end(run(spec))).isEqualTo(new Exit.Exited(0));
        assertThat(Files.readString(spec.sandbox().resolve("stdout"))).endsWith("\n39999\n40000\n");
        for (String name : List.of("stdout", "stdout.1", "stdout.2")) {
            assertThat(spec.sandbox().resolve(name)).exists();
            assertThat(Files.size(spec.sandbox().resolve(name))).isBetween(1L, LOGS.maxBytes());
        }
        assertThat(spec.sandbox().resolve("stdout.3")).doesNotExist();
        List<String> lines = Files.readAllLines(spec.sandbox().resolve("stdout.1"));
        lines.addAll(Files.readAllLines(spec.sandbox().resolve("stdout")));
        int first = Integer.parseInt(lines.get(0));
        for (int i = 0; i < lines.size(); i++) {
            assertThat(lines.get(i)).isEqualTo(Integer.toString(first + i));
        }
    }

    @Test
    void isEndedByItsOwnStopSignalAndByForce() throws Exception {
        ContainerSpec spec = spec(
                CommandInfo.shell("trap 'echo told; exit 3' USR1; echo up; while true; do sleep 0.05; done", Map.of()),
                options().parameter("stop-signal", "SIGUSR1").build());
        ContainerRef ref = run(spec);
        awaitOutput(spec, "up");
        docker.terminate(ref);
        assertThat(end(ref)).isEqualTo(new Exit.Exited(3));
        assertThat(spec.sandbox().resolve("stdout")).hasContent("up\ntold");
    }

    @Test
    void saysThatItUsedUpItsMemory() throws Exception {
        ContainerSpec spec = spec(
                CommandInfo.shell("dd if=/dev/zero of=/dev/null bs=200M count=1", Map.of()),
                options().build());
        Exit exit = end(run(spec));
        assertThat(exit).isInstanceOf(Exit.Limited.class);
        assertThat(((Exit.Limited) exit).reason()).isEqualTo("CONTAINER_LIMITATION_MEMORY");
        assertThat(exit.describe()).contains("64 MiB");
    }

    @Test
    void saysWhyItCannotBeStarted() throws Exception {
        ContainerSpec spec = spec(
                new CommandInfo(false, "", List.of("/no/such/program"), Map.of(), Optional.empty()),
                options().build());
        Exit exit = end(run(spec));
        assertThat(exit).isInstanceOf(Exit.NotStarted.class);
        assertThat(exit.describe()).contains("/no/such/program");
    }

    @Test
    void saysWhyAnImageCannotBeHad() {
        ContainerSpec spec = spec(
                CommandInfo.shell("true", Map.of()),
                options().image("127.0.0.1:1/no/such:9").build());
        assertThatThrownBy(() -> docker.prepare(spec))
                .isInstanceOf(LaunchFailure.class)
                .hasMessageContaining("127.0.0.1:1/no/such:9")
                .hasMessageContaining("cannot be pulled")
                .hasMessageContaining("refused");
    }

    @Test
    void neverStartsOneThatWasDiscarded() throws Exception {
        ContainerSpec spec =
                spec(CommandInfo.shell("echo ran", Map.of()), options().build());
        ContainerRef ref = docker.prepare(spec);
        assertThat(spec.begun()).doesNotExist();
        docker.discard(ref);
        assertThat(docker.release(ref)).isFalse();
        Waiting.until("the container is gone", LIMIT, () -> engine.mustDocker("ps", "-aq")
                .isEmpty());
        assertThat(spec.begun()).doesNotExist();
    }

    @Test
    void isAdoptedByTheNextAgentWithItsOutputAndItsExitStatus() throws Exception {
        ContainerSpec spec = spec(
                CommandInfo.shell(
                        "echo one; while [ ! -e /mnt/mesos/sandbox/go ]; do sleep 0.05; done; echo two; exit 5",
                        Map.of()),
                options().build());
        ContainerRef ref = run(spec);
        awaitOutput(spec, "one");
        docker.close();

        docker = agent(Duration.ofHours(6));
        docker.endOrphans(Set.of(spec.container()));
        assertThat(began(ref).leader()).isPresent();
        assertThat(docker.exit(ref)).isEmpty();
        Files.createFile(spec.sandbox().resolve("go"));
        assertThat(end(ref)).isEqualTo(new Exit.Exited(5));
        assertThat(spec.sandbox().resolve("stdout")).hasContent("one\ntwo");
    }

    @Test
    void tellsTheEndOfOneThatEndedWhileThereWasNoAgent() throws Exception {
        ContainerSpec spec = spec(
                CommandInfo.shell(
                        "echo one; while [ ! -e /mnt/mesos/sandbox/go ]; do sleep 0.05; done; echo two; exit 5",
                        Map.of()),
                options().build());
        ContainerRef ref = run(spec);
        awaitOutput(spec, "one");
        docker.close();
        Files.createFile(spec.sandbox().resolve("go"));
        engine.mustDocker("wait", "mesos-" + spec.container());

        // Not even one that removes at once may remove it before its end was told.
        docker = agent(Duration.ZERO);
        docker.endOrphans(Set.of(spec.container()));
        assertThat(end(ref)).isEqualTo(new Exit.Exited(5));
        assertThat(spec.sandbox().resolve("stdout")).hasContent("one\ntwo");
        docker.forget(ref);
        Waiting.until("the container is gone", LIMIT, () -> engine.mustDocker("ps", "-aq")
                .isEmpty());
    }

    @Test
    void outlivesTheEngineAndIsFoundAgain() throws Exception {
        ContainerSpec spec = spec(
                CommandInfo.shell(
                        "echo one; while [ ! -e /mnt/mesos/sandbox/go ]; do sleep 0.05; done; echo two; exit 5",
                        Map.of()),
                options().build());
        ContainerRef ref = run(spec);
        awaitOutput(spec, "one");
        engine.stop();
        assertThat(docker.exit(ref)).isEmpty();
        engine.restart();
        assertThat(docker.exit(ref)).isEmpty();
        Files.createFile(spec.sandbox().resolve("go"));
        assertThat(end(ref)).isEqualTo(new Exit.Exited(5));
        assertThat(spec.sandbox().resolve("stdout")).hasContent("one\ntwo");
    }

    @Test
    void endsWhatNoTaskIsAnyMoreAndNothingOfOthers() throws Exception {
        ContainerSpec orphan =
                spec(CommandInfo.shell("sleep 600", Map.of()), options().build());
        ContainerRef ref = run(orphan);
        began(ref);
        docker.close();
        engine.mustDocker("run", "-d", "--name", "somebody", DockerEngine.IMAGE, "sleep", "600");

        docker = agent(Duration.ofHours(6));
        docker.endOrphans(Set.of("another"));
        Waiting.until("only the other's container is left", LIMIT, () -> engine.mustDocker(
                        "ps", "-a", "--format", "{{.Names}}")
                .equals("somebody"));
    }

    @Test
    void saysWhetherThereIsAnEngine() throws Exception {
        Waiting.until("it is seen", LIMIT, () -> docker.standing().available());
        assertThat(docker.standing().text()).startsWith("Docker ");
        try (DockerContainerizer alone = new DockerContainerizer(
                new DockerSettings(
                        Optional.of(URI.create("unix:///no/such.sock")),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(5),
                        Optional.empty(),
                        Duration.ZERO,
                        Optional.empty(),
                        LOGS),
                dir.resolve("alone"),
                "alone",
                "whale.example",
                "boot-1")) {
            Waiting.until("it was asked", LIMIT, () -> alone.standing().text().contains("/no/such.sock"));
            assertThat(alone.standing().available()).isFalse();
            ContainerSpec spec =
                    spec(CommandInfo.shell("true", Map.of()), options().build());
            assertThatThrownBy(() -> alone.prepare(spec))
                    .isInstanceOf(LaunchFailure.class)
                    .hasMessageContaining("/no/such.sock");
        }
    }

    private ContainerRef run(ContainerSpec spec) throws LaunchFailure {
        assertThat(docker.objection(spec.task())).isEmpty();
        ContainerRef ref = docker.prepare(spec);
        assertThat(spec.begun()).doesNotExist();
        assertThat(docker.release(ref)).isTrue();
        return ref;
    }

    private ContainerRef began(ContainerRef ref) {
        Waiting.until("it runs", LIMIT, () -> docker.begun(ref).isPresent());
        return docker.begun(ref).orElseThrow();
    }

    private Exit end(ContainerRef ref) {
        Waiting.until("it ends", LIMIT, () -> docker.exit(ref).isPresent());
        return docker.exit(ref).orElseThrow();
    }

    private static void awaitOutput(ContainerSpec spec, String text) {
        Waiting.until("it prints " + text, LIMIT, () -> Files.readString(
                        spec.sandbox().resolve("stdout"))
                .contains(text));
    }

    private static String body(String host, int port) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://" + host + ":" + port + "/").toURL().openConnection();
        connection.setConnectTimeout(2_000);
        connection.setReadTimeout(2_000);
        try (var in = connection.getInputStream()) {
            return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    private static Volume volume(String path, boolean readOnly, Volume.Source source, String name) {
        return new Volume(path, readOnly, source, name, Optional.empty(), Map.of());
    }

    private ContainerSpec spec(CommandInfo command, ContainerInfo container) {
        String id = UUID.randomUUID().toString();
        try {
            Path sandbox = Files.createDirectories(dir.resolve("sandboxes").resolve(id));
            List<Integer> ports = container.docker().orElseThrow().portMappings().stream()
                    .map(PortMapping::hostPort)
                    .toList();
            TaskInfo task = new TaskInfo(
                            TaskId.of("t"),
                            "t",
                            FrameworkId.of("f"),
                            AgentId.of("a"),
                            Resources.of(0.1, 64, 0).withPorts(Ranges.ofValues(ports)),
                            command,
                            Optional.empty(),
                            Map.of())
                    .withOptions(RunOptions.NONE.withContainer(container));
            return new ContainerSpec(id, task, sandbox, dir.resolve("begun-" + id));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Options options() {
        return new Options();
    }

    /** A container's options, step by step. */
    private static final class Options {
        private String image = DockerEngine.IMAGE;
        private DockerOptions.Network network = DockerOptions.Network.HOST;
        private final java.util.ArrayList<PortMapping> ports = new java.util.ArrayList<>();
        private final java.util.ArrayList<DockerOptions.Parameter> parameters = new java.util.ArrayList<>();
        private final java.util.ArrayList<Volume> volumes = new java.util.ArrayList<>();
        private final java.util.ArrayList<NetworkInfo> networks = new java.util.ArrayList<>();

        Options image(String name) {
            image = name;
            return this;
        }

        Options network(DockerOptions.Network mode) {
            network = mode;
            return this;
        }

        Options named(String name) {
            networks.add(new NetworkInfo(Optional.of(name), List.of(), List.of(), Map.of()));
            return this;
        }

        Options port(PortMapping mapping) {
            ports.add(mapping);
            return this;
        }

        Options parameter(String key, String value) {
            parameters.add(new DockerOptions.Parameter(key, value));
            return this;
        }

        Options volume(Volume volume) {
            volumes.add(volume);
            return this;
        }

        ContainerInfo build() {
            return new ContainerInfo(
                    ContainerInfo.Type.DOCKER,
                    volumes,
                    Optional.empty(),
                    Optional.of(new DockerOptions(image, network, ports, false, parameters, false, Optional.empty())),
                    Optional.empty(),
                    networks,
                    Optional.empty(),
                    List.of(),
                    Optional.empty());
        }
    }
}
