package io.finback.nodeagent.boot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigUtil;
import io.finback.nodeagent.docker.DockerSettings;
import io.finback.nodeagent.executor.LogLimits;
import io.finback.nodeagent.fetch.FetchSettings;
import io.finback.nodeagent.isolation.IsolationSettings;
import io.finback.nodeagent.machine.AttributeText;
import io.finback.nodeagent.machine.ResourceText;
import io.finback.nodeagent.node.ExecutorDoor;
import io.finback.nodeagent.node.ExecutorTerms;
import io.finback.nodeagent.node.TasksSettings;
import io.finback.nodeagent.oci.OciSettings;
import io.finback.resources.Disk;
import io.finback.resources.FaultDomain;
import io.finback.resources.Special;
import io.finback.runtime.StartFailure;
import io.finback.settings.ClusterSettings;
import io.finback.settings.DomainSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The agent's part of the configuration, checked. Every wrong value names its key, itself and what was expected. */
record AgentSettings(
        Path dataDir,
        String httpHost,
        int httpPort,
        String hostname,
        ResourceText.Written resources,
        Map<String, String> attributes,
        Optional<FaultDomain> domain,
        TasksSettings tasks,
        LogLimits logs,
        FetchSettings fetch,
        FilesSettings files,
        Optional<Duration> diskChecks,
        IsolationSettings isolation,
        boolean stopTasksOnExit,
        int launchParallelism,
        TaskPrograms.Launcher launcher,
        Optional<LendingSettings> lending,
        ExecutorTerms executors,
        ApiSettings api,
        DockerSettings docker,
        OciSettings images,
        Optional<Path> secrets) {

    /** Settings by the names they have in Mesos. */
    Map<String, String> flags() {
        Map<String, String> flags = new TreeMap<>();
        flags.put("work_dir", dataDir.toString());
        flags.put("ip", httpHost);
        flags.put("port", Integer.toString(httpPort));
        flags.put("hostname", hostname);
        flags.put(
                "attributes",
                new TreeMap<>(attributes)
                        .entrySet().stream()
                                .map(entry -> entry.getKey() + ":" + entry.getValue())
                                .collect(Collectors.joining(";")));
        flags.put("gc_delay", seconds(tasks.sandboxDelay()));
        flags.put("executor_shutdown_grace_period", seconds(tasks.killGrace()));
        flags.put("strict", "true");
        flags.put("recover", "reconnect");
        return flags;
    }

    /** As Mesos writes durations. */
    private static String seconds(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + "secs" : duration.toMillis() + "ms";
    }

    static AgentSettings from(Config config) {
        try {
            return read(config);
        } catch (ConfigException | IllegalArgumentException e) {
            throw new StartFailure(String.valueOf(e.getMessage()), e);
        }
    }

    private static AgentSettings read(Config config) {
        if (!ClusterSettings.from(config).knowsMasters()) {
            throw new StartFailure("finback.cluster.seeds: [] (expected: \"host:port\" of at least one master, or a"
                    + " finback.cluster.discovery.method; an agent cannot form a cluster by itself)");
        }
        Config agent = config.getConfig("finback.agent");
        String hostname = agent.getString("hostname").strip();
        return new AgentSettings(
                Path.of(config.getString("finback.data-dir")).toAbsolutePath().normalize(),
                agent.getString("http.host"),
                within("finback.agent.http.port", agent.getInt("http.port"), 0, 65535),
                hostname.isEmpty() ? config.getString("finback.cluster.host") : hostname,
                parsed(
                        "finback.agent.resources",
                        agent.getString("resources"),
                        text -> checked(ResourceText.resources(text))),
                parsed("finback.agent.attributes", agent.getString("attributes"), AttributeText::parse),
                DomainSettings.from(config, "finback.agent.domain"),
                new TasksSettings(
                        agent.getDuration("kill-grace"),
                        agent.getDuration("watch.fast"),
                        agent.getDuration("watch.slow"),
                        agent.getInt("watch.looks"),
                        agent.getDuration("sandbox-gc.delay"),
                        agent.getDouble("sandbox-gc.disk-headroom"),
                        agent.getInt("sandbox-gc.max-ended"),
                        agent.getInt("checks.calls"),
                        agent.getInt("checks.commands")),
                logs(agent.getConfig("logs")),
                fetch(agent.getConfig("fetcher")),
                FilesSettings.from(agent.getConfig("files")),
                diskChecks(agent.getConfig("disk")),
                TaskContainment.settings(agent),
                agent.getBoolean("stop-tasks-on-exit"),
                within("finback.agent.launch-parallelism", agent.getInt("launch-parallelism"), 1, 64),
                TaskPrograms.Launcher.parse(agent.getString("launcher")),
                LendingSettings.from(agent.getConfig("oversubscription")),
                new ExecutorTerms(
                        agent.getDuration("executor.registration-timeout"),
                        agent.getDuration("executor.reregistration-timeout"),
                        agent.getDuration("executor.shutdown-grace"),
                        agent.getDuration("executor.recovery-timeout"),
                        "",
                        ExecutorDoor.OPEN),
                ApiSettings.from(config),
                DockerKeys.read(agent.getConfig("docker"), logs(agent.getConfig("logs"))),
                ImageKeys.read(agent.getConfig("images")),
                secrets(agent.getString("secrets.directory").strip()));
    }

    /** Where secrets are; empty: there are none. */
    private static Optional<Path> secrets(String directory) {
        if (directory.isEmpty()) {
            return Optional.empty();
        }
        Path path = Path.of(directory);
        if (!path.isAbsolute() || !Files.isDirectory(path)) {
            throw new StartFailure(
                    "finback.agent.secrets.directory: " + directory + " (expected: an absolute path of a directory)");
        }
        return Optional.of(path.normalize());
    }

    /** How often sandboxes are measured; empty: never. */
    private static Optional<Duration> diskChecks(Config disk) {
        Duration every = disk.getDuration("check-interval");
        if (every.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new StartFailure("finback.agent.disk.check-interval: " + every + " (expected: >= PT1S)");
        }
        return disk.getBoolean("enforce-quota") ? Optional.of(every) : Optional.empty();
    }

    private static LogLimits logs(Config logs) {
        try {
            return new LogLimits(logs.getBytes("max-size"), logs.getInt("max-files"));
        } catch (IllegalArgumentException e) {
            throw new StartFailure("finback.agent.logs." + e.getMessage(), e);
        }
    }

    private static FetchSettings fetch(Config fetcher) {
        Map<String, List<String>> commands = new TreeMap<>();
        Config written = fetcher.getConfig("commands");
        written.root()
                .keySet()
                .forEach(scheme -> commands.put(scheme, written.getStringList(ConfigUtil.quoteString(scheme))));
        return new FetchSettings(
                fetcher.getBytes("cache-size"),
                fetcher.getBytes("max-size"),
                fetcher.getBytes("max-extracted-size"),
                fetcher.getInt("max-entries"),
                fetcher.getDuration("connect-timeout"),
                fetcher.getDuration("stall-timeout"),
                fetcher.getInt("max-redirects"),
                fetcher.getInt("parallelism"),
                fetcher.getStringList("local-roots").stream().map(Path::of).toList(),
                commands);
    }

    /** A disk of its own must be there, or tasks would find the file system it is mounted in. */
    private static ResourceText.Written checked(ResourceText.Written written) {
        for (Special special : written.resources().special()) {
            special.kind()
                    .disk()
                    .flatMap(Disk::source)
                    .flatMap(Disk.Source::root)
                    .filter(root -> !Files.isDirectory(Path.of(root)))
                    .ifPresent(root -> {
                        throw new IllegalArgumentException(
                                "disk.source root: '" + root + "' (expected: a directory of this machine)");
                    });
        }
        return written;
    }

    private static int within(String key, int value, int least, int most) {
        if (value < least || value > most) {
            throw new StartFailure(key + ": " + value + " (expected: " + least + " to " + most + ")");
        }
        return value;
    }

    private static <T> T parsed(String key, String text, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw new StartFailure(key + ": " + e.getMessage(), e);
        }
    }
}
