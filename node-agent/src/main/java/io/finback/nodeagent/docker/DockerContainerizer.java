package io.finback.nodeagent.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.cgroup.ContainerGroup;
import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.Containerizer;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.Standing;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.EngineRef;
import io.finback.nodeagent.task.Exit;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DockerOptions;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks as containers of a Docker engine. A container is made with the name {@code mesos-<container>} and labels that say whose
 * it is, so that the next agent finds it; it is started only when its name is on the agent's disk; and it stays, ended, until its
 * end has been reported, so that its exit status can be read however much later. Thread-safe.
 */
public final class DockerContainerizer implements Containerizer, AutoCloseable {
    /** Its name on disk, and in Mesos. */
    public static final String NAME = Containerizers.DOCKER;

    static final String LABEL_OWNER = "io.finback.owner";
    static final String LABEL_CONTAINER = "io.finback.container";
    static final String LABEL_SANDBOX = "io.finback.sandbox";
    static final String LABEL_TASK = "io.finback.task";
    static final String LABEL_FRAMEWORK = "io.finback.framework";

    private static final Logger log = LoggerFactory.getLogger(DockerContainerizer.class);
    private static final int CONFLICT = 409;
    private static final long MINDER_STACK_BYTES = 256 * 1024;

    private final DockerSettings settings;
    private final Optional<Engine> engine;
    private final Optional<Images> images;
    private final Path directory;
    private final String owner;
    private final String hostname;
    private final String bootId;
    private final ScheduledExecutorService clock;
    private final ExecutorService calls;
    private final KernelLog kernelLog;
    private final ImageUse imageUse;
    private final Housekeeping housekeeping;
    private final Map<String, Path> prepared = new ConcurrentHashMap<>();
    private final Map<String, Minder> minders = new ConcurrentHashMap<>();

    /**
     * @param directory the agent's own, for what it must remember of containers
     * @param owner tells this agent's containers from another's on the same engine; the same for every agent on one data directory
     * @param hostname what tasks see as {@code HOST}
     */
    public DockerContainerizer(DockerSettings settings, Path directory, String owner, String hostname, String bootId)
            throws IOException {
        this.settings = settings;
        this.engine = settings.host().map(host -> new Engine(host, settings.answerWithin()));
        this.clock = Executors.newSingleThreadScheduledExecutor(work -> thread(work, "finback-docker-clock"));
        this.kernelLog = new KernelLog(KernelLog.DEVICE);
        this.images = engine.map(one -> new Images(one, settings.pullWithin(), clock));
        this.calls = Executors.newCachedThreadPool(work -> thread(work, "finback-docker-call"));
        this.directory = Files.createDirectories(directory);
        this.owner = owner;
        this.hostname = hostname;
        this.bootId = bootId;
        this.imageUse = new ImageUse(directory.resolve("images.json"));
        this.housekeeping = new Housekeeping(settings, engine, owner, imageUse, clock);
        housekeeping.start();
    }

    private static Thread thread(Runnable work, String name) {
        Thread thread = new Thread(null, work, name, MINDER_STACK_BYTES);
        thread.setDaemon(true);
        return thread;
    }

    static String engineName(String container) {
        return "mesos-" + container;
    }

    @Override
    public String name() {
        return NAME;
    }

    /** What is known of the engine. */
    @Override
    public Standing standing() {
        return housekeeping.status();
    }

    @Override
    public Optional<String> objection(TaskInfo task) {
        return CreateRequest.problem(task);
    }

    @Override
    public ContainerRef prepare(ContainerSpec spec) throws LaunchFailure {
        Engine docker = engine.orElseThrow(
                () -> new LaunchFailure("no Docker engine: finback.agent.docker.host is empty on this agent"));
        TaskInfo task = spec.task();
        DockerOptions options = task.options()
                .container()
                .flatMap(ContainerInfo::docker)
                .orElseThrow(() -> new LaunchFailure("container.docker: missing"));
        String name = engineName(spec.container());
        housekeeping.hold(spec.container());
        ImageName image = ImageName.parse(options.image());
        String id = image(image, options, spec);
        try {
            ObjectNode body = CreateRequest.of(spec, id, hostname, labels(spec));
            create(docker, name, body);
        } catch (EngineFailure e) {
            throw new LaunchFailure("the container cannot be made of image " + image, e);
        }
        prepared.put(name, spec.begun());
        return new EngineRef(NAME, name, bootId, Optional.empty(), List.of());
    }

    private String image(ImageName image, DockerOptions options, ContainerSpec spec) throws LaunchFailure {
        Optional<String> auth;
        try {
            auth = Credentials.header(image, options.pullConfig(), spec.sandbox(), settings.config());
        } catch (IOException | IllegalArgumentException e) {
            throw new LaunchFailure("the credentials for " + image.registry() + " cannot be read", e);
        }
        return images.orElseThrow().require(image, options.forcePullImage(), auth, imageUse);
    }

    private Map<String, String> labels(ContainerSpec spec) {
        return Map.of(
                LABEL_OWNER, owner,
                LABEL_CONTAINER, spec.container(),
                LABEL_SANDBOX, spec.sandbox().toString(),
                LABEL_TASK, spec.task().id().value(),
                LABEL_FRAMEWORK, spec.task().framework().value());
    }

    /** One of this name is what an agent that died here has made: it was never started, since its name never came to disk. */
    private static void create(Engine docker, String name, ObjectNode body) throws EngineFailure {
        try {
            JsonNode made = docker.post("/containers/create", Map.of("name", name), body);
            warnings(name, made);
        } catch (EngineFailure e) {
            if (e.status() != CONFLICT) {
                throw e;
            }
            boolean removed = docker.delete("/containers/" + name, Map.of("force", "true", "v", "true"));
            log.info("docker.container_made_anew container={} removed={}", name, removed);
            warnings(name, docker.post("/containers/create", Map.of("name", name), body));
        }
    }

    private static void warnings(String name, JsonNode made) {
        made.path("Warnings")
                .forEach(warning -> log.warn("docker.warning container={} text={}", name, warning.asText()));
    }

    @Override
    public boolean release(ContainerRef ref) {
        EngineRef container = ours(ref);
        Path begun = prepared.remove(container.name());
        if (begun == null || engine.isEmpty()) {
            return false;
        }
        Minder minder = new Minder(
                engine.get(), kernelLog, container, position(container.name()), settings.logs(), Optional.of(begun));
        minders.put(container.name(), minder);
        mind(minder, container.name());
        return true;
    }

    @Override
    public void discard(ContainerRef ref) {
        String name = ours(ref).name();
        Path begun = prepared.remove(name);
        if (begun != null) {
            later(() -> housekeeping.remove(name));
        }
    }

    @Override
    public void discardAll() {
        for (String name : Set.copyOf(prepared.keySet())) {
            Path begun = prepared.remove(name);
            if (begun != null) {
                later(() -> housekeeping.remove(name));
            }
        }
    }

    @Override
    public Optional<ContainerRef> begun(ContainerRef ref) {
        return minder(ours(ref)).flatMap(Minder::running).map(running -> running);
    }

    @Override
    public Optional<Exit> exit(ContainerRef ref) {
        return minder(ours(ref)).flatMap(Minder::exit);
    }

    /** One that is asked for and not minded was started by an earlier agent. */
    private Optional<Minder> minder(EngineRef ref) {
        Minder known = minders.get(ref.name());
        if (known != null || engine.isEmpty()) {
            return Optional.ofNullable(known);
        }
        Minder adopting =
                new Minder(engine.get(), kernelLog, ref, position(ref.name()), settings.logs(), Optional.empty());
        Minder raced = minders.putIfAbsent(ref.name(), adopting);
        if (raced != null) {
            return Optional.of(raced);
        }
        log.info("docker.adopted container={}", ref.name());
        mind(adopting, ref.name());
        return Optional.of(adopting);
    }

    private void mind(Minder minder, String name) {
        Thread thread = new Thread(null, minder, "finback-docker-" + name, MINDER_STACK_BYTES);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void terminate(ContainerRef ref) {
        String name = ours(ref).name();
        minder(ours(ref)).ifPresent(Minder::asked);
        engine.ifPresent(docker -> later(() -> Signals.sendStop(docker, name)));
    }

    @Override
    public void forceKill(ContainerRef ref) {
        String name = ours(ref).name();
        engine.ifPresent(docker -> later(() -> Signals.send(docker, name, "SIGKILL")));
    }

    @Override
    public void sweep(List<ContainerRef> ended) {
        // The engine leaves nothing of an ended container running.
    }

    @Override
    public void forget(ContainerRef ref) {
        String name = ours(ref).name();
        Minder minder = minders.remove(name);
        if (minder != null) {
            minder.stop();
        }
        later(() -> housekeeping.forget(name, position(name)));
    }

    @Override
    public void endOrphans(Set<String> known) {
        housekeeping.endOrphans(known);
    }

    @Override
    public Map<ContainerRef, Usage> usage(Collection<ContainerRef> containers) {
        Map<ContainerRef, Usage> usage = new HashMap<>();
        for (ContainerRef container : containers) {
            // The engine reads the same files, and takes a second for it.
            minder(ours(container))
                    .flatMap(Minder::running)
                    .flatMap(EngineRef::leader)
                    .or(container::leader)
                    .flatMap(DockerContainerizer::usage)
                    .ifPresent(used -> usage.put(container, used));
        }
        return usage;
    }

    private static Optional<Usage> usage(long pid) {
        try {
            return ContainerGroup.ofProcess(pid).map(ContainerGroup::usage);
        } catch (IOException e) {
            log.debug("docker.unmeasured pid={} reason={}", pid, e.toString());
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        minders.values().forEach(Minder::stop);
        clock.shutdownNow();
        calls.shutdown();
        engine.ifPresent(Engine::close);
    }

    private void later(Runnable call) {
        try {
            calls.execute(call);
        } catch (RejectedExecutionException e) {
            log.debug("docker.call_too_late reason={}", e.toString());
        }
    }

    private Path position(String name) {
        return directory.resolve(name + ".printed");
    }

    private static EngineRef ours(ContainerRef ref) {
        if (ref instanceof EngineRef engineRef) {
            return engineRef;
        }
        throw new IllegalArgumentException("container: " + ref + " (expected: one of an engine)");
    }
}
