package io.finback.nodeagent.oci;

import io.finback.nodeagent.cgroup.ContainerGroup;
import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.Containerizer;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.Standing;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.executor.Door;
import io.finback.nodeagent.executor.LogLimits;
import io.finback.nodeagent.executor.OomScore;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.image.Reference;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.isolation.Isolator;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.NetworkInfo;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs commands in the file systems of images, without an engine: {@link Bundles} makes what an OCI runtime needs, {@link Maker} has
 * it make a container under a holder, and from then on it is a process like any other. What is written down: {@code started} in the
 * bundle, before the runtime is told to start it; whoever finds that finishes the start, whoever finds a container without it knows
 * that it never ran. Thread-safe.
 */
public final class OciContainerizer implements Containerizer {
    private static final Logger log = LoggerFactory.getLogger(OciContainerizer.class);
    private static final String STARTED = "started";

    private final Optional<OciTools> tools;
    private final Standing standing;
    private final Processes processes;
    private final Isolation isolation;
    private final OciDoor door;
    private final Map<String, Prepared> prepared = new ConcurrentHashMap<>();
    private final Map<String, State> states = new ConcurrentHashMap<>();
    private final ExecutorService calls = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "finback-oci-call");
        thread.setDaemon(true);
        return thread;
    });

    private record Prepared(ProcessRef ref, Path begun) {}

    /** How far a container is that was released. */
    private static final class State {
        private volatile boolean running;
        private volatile Optional<String> failed = Optional.empty();
    }

    /** @param tools empty: nothing can be run here, for the reason {@code standing} gives */
    OciContainerizer(Optional<OciTools> tools, Standing standing, Processes processes, Isolation isolation) {
        this.tools = tools;
        this.standing = standing;
        this.processes = processes;
        this.isolation = isolation;
        this.door = new OciDoor(tools.map(OciTools::maker));
    }

    /**
     * What this machine can do with images, found out now and said in the log.
     *
     * @param directory the agent's own, for images and containers
     * @param path where programs are, as {@code PATH} is written
     * @param hostname what tasks see as {@code HOST}
     */
    public static OciContainerizer on(
            OciSettings settings,
            Path directory,
            Tools programs,
            Isolation isolation,
            Processes processes,
            LogLimits logs,
            String path,
            String hostname,
            String bootId)
            throws IOException {
        return OciTools.containerizer(
                settings, directory, programs, isolation, processes, logs, path, hostname, bootId);
    }

    @Override
    public String name() {
        return Containerizers.OCI;
    }

    /** Which runtime it is, or why there is none. */
    @Override
    public Standing standing() {
        return standing;
    }

    /** How another command is started in a container of ours. */
    public Door door() {
        return door;
    }

    /** Pulls that came to an end, and that failed, since the start. */
    public long pulled() {
        return tools.map(one -> one.bundles().store().pulled()).orElse(0L);
    }

    public long failedPulls() {
        return tools.map(one -> one.bundles().store().failed()).orElse(0L);
    }

    static Optional<String> nameProblem(String field, String name) {
        try {
            Reference unused = Reference.parse(name);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(field + ": " + e.getMessage());
        }
    }

    @Override
    public Optional<String> objection(TaskInfo task) {
        ContainerInfo container = task.options().container().orElseThrow();
        String image = container.image().orElseThrow().name();
        if (!standing.available()) {
            return Optional.of("container.mesos.image: " + image
                    + " (expected: none on this agent, which has no OCI runtime: " + standing.text() + ")");
        }
        Optional<String> network = container.networks().stream()
                .map(NetworkInfo::name)
                .flatMap(Optional::stream)
                .findFirst();
        if (network.isPresent()) {
            return Optional.of("container.network_infos.name: " + network.get()
                    + " (expected: none; a container of an image has the machine's network, CNI is not supported)");
        }
        boolean program = tools.map(one -> one.maker().hasProgram()).orElse(false);
        if (container.tty().isPresent() && !program) {
            return Optional.of("container.tty_info: present (expected: none, since tasks are started by a shell here:"
                    + " finback.agent.launcher)");
        }
        if (Bundles.sharesPids(container) && !(program && isolation.isOn(Isolator.CGROUPS_KILL))) {
            return Optional.of("container.linux_info.share_pid_namespace: true (expected: false with an image, since "
                    + (program
                            ? "the isolator cgroups/kill is off on this agent)"
                            : "tasks are started by a shell here: finback.agent.launcher)"));
        }
        return nameProblem("container.mesos.image", image)
                .or(() -> Mounts.problem(task, container))
                .or(() -> isolation.objection(task));
    }

    @Override
    public ContainerRef prepare(ContainerSpec spec) throws LaunchFailure {
        OciTools with = tools.orElseThrow(() -> new LaunchFailure(standing.text()));
        Bundles.Bundle bundle = with.bundles().write(spec);
        boolean made = false;
        ProcessRef ref = null;
        try {
            ref = with.maker()
                    .make(
                            spec,
                            bundle.directory(),
                            bundle.lower(),
                            with.bundles().store().layersDirectory());
            ref = with.bundles().attach(ref, bundle, spec);
            OomScore.set(ref, isolation.settings().oomScore());
            prepared.put(key(ref), new Prepared(ref, spec.begun()));
            made = true;
            return ref;
        } catch (IOException e) {
            throw new LaunchFailure("cannot contain it", e);
        } finally {
            if (!made) {
                if (ref != null) {
                    processes.forget(ref);
                }
                with.bundles().discard(bundle);
            }
        }
    }

    private static String key(ProcessRef ref) {
        return ref.bundle().orElseThrow();
    }

    private static String container(ProcessRef ref) {
        return Path.of(key(ref)).getFileName().toString();
    }

    private static boolean isStarted(ProcessRef ref) {
        return Files.exists(Path.of(key(ref), STARTED));
    }

    /** While this is there the container's first process waits to be told to become the command. */
    private static boolean waits(ProcessRef ref) {
        return Files.exists(Path.of(key(ref), "state", container(ref), "exec.fifo"));
    }

    @Override
    public boolean release(ContainerRef container) {
        ProcessRef ref = own(container);
        Prepared waiting = prepared.remove(key(ref));
        if (waiting == null) {
            return false;
        }
        try {
            Files.createFile(Path.of(key(ref), STARTED));
            Files.createFile(waiting.begun());
        } catch (FileAlreadyExistsException e) {
            log.debug("task.begun_already container={}", container(ref));
        } catch (IOException e) {
            log.warn("task.release_failed pid={} reason={}", ref.pid(), e.getMessage());
            State state = new State();
            state.failed = Optional.of("its start cannot be written down: " + e.getMessage());
            states.put(key(ref), state);
            return false;
        }
        State state = new State();
        states.put(key(ref), state);
        door.add(ref);
        start(ref, state);
        return true;
    }

    private void start(ProcessRef ref, State state) {
        later(() -> {
            Optional<String> problem =
                    tools.isPresent() ? tools.get().maker().start(ref, container(ref)) : Optional.of(standing.text());
            // A start that was told is a start, whoever told it.
            if (problem.isPresent() && waits(ref)) {
                log.warn("task.start_failed container={} reason={}", container(ref), problem.get());
                state.failed = problem;
                processes.forceKill(ref);
            } else {
                state.running = true;
            }
        });
    }

    private State state(ProcessRef ref) {
        return states.computeIfAbsent(key(ref), bundle -> adopted(ref));
    }

    /** It was made by an earlier agent, which may have ended between writing down its start and telling the runtime. */
    private State adopted(ProcessRef ref) {
        State state = new State();
        door.add(ref);
        if (!isStarted(ref)) {
            state.failed = Optional.of("it was never started");
            processes.forceKill(ref);
        } else if (waits(ref) && processes.exit(ref).isEmpty()) {
            log.info("task.start_finished container={} reason=the_last_agent_ended_meanwhile", container(ref));
            start(ref, state);
        } else {
            state.running = true;
        }
        return state;
    }

    @Override
    public Optional<ContainerRef> begun(ContainerRef container) {
        ProcessRef ref = own(container);
        return state(ref).running ? Optional.of(ref) : Optional.empty();
    }

    @Override
    public Optional<Exit> exit(ContainerRef container) {
        ProcessRef ref = own(container);
        State state = state(ref);
        Optional<String> failed = state.failed;
        if (failed.isPresent()) {
            return failed.map(Exit.NotStarted::new);
        }
        // While it is being started it has not ended, however short it was: the runtime's answer decides whether it
        // began.
        return state.running ? processes.exit(ref) : Optional.empty();
    }

    @Override
    public void discard(ContainerRef container) {
        ProcessRef ref = own(container);
        if (prepared.remove(key(ref)) != null) {
            processes.forceKill(ref);
            forget(ref);
        }
    }

    @Override
    public void discardAll() {
        prepared.values().forEach(waiting -> discard(waiting.ref()));
    }

    @Override
    public void terminate(ContainerRef container) {
        ProcessRef ref = own(container);
        processes.terminate(ref, Exit.signalNumber(Bundles.stopSignal(Path.of(key(ref)))));
    }

    @Override
    public void pruneImages(Set<String> keep) throws IOException {
        if (tools.isPresent()) {
            tools.get().bundles().pruneNow(keep);
        }
    }

    @Override
    public List<Path> written(ContainerRef container) {
        // Without an overlay the image's own files are among them: what is the container's alone nobody can say.
        Path upper = Path.of(key(own(container))).resolve("upper");
        return Files.isDirectory(upper) ? List.of(upper) : List.of();
    }

    @Override
    public void forceKill(ContainerRef container) {
        processes.forceKill(own(container));
    }

    @Override
    public void sweep(List<ContainerRef> ended) {
        List<ProcessRef> own = ended.stream().map(OciContainerizer::own).toList();
        processes.killStragglers(own);
        processes.awaitLoggers(own);
    }

    @Override
    public void forget(ContainerRef container) {
        ProcessRef ref = own(container);
        states.remove(key(ref));
        door.remove(ref);
        processes.forget(ref);
        later(() -> Bundles.delete(Path.of(key(ref))));
    }

    @Override
    public void endOrphans(Set<String> known) {
        // What is there now: others may be made while these are deleted.
        List<Path> left = tools.map(one -> one.bundles().all()).orElse(List.of()).stream()
                .filter(bundle -> !known.contains(bundle.getFileName().toString()))
                .toList();
        if (!left.isEmpty()) {
            later(() -> left.forEach(Bundles::deleteLeft));
        }
    }

    @Override
    public Map<ContainerRef, Usage> usage(Collection<ContainerRef> containers) {
        Map<ContainerRef, Usage> usage = new HashMap<>();
        for (ContainerRef container : containers) {
            own(container)
                    .containment()
                    .map(Containment::groups)
                    .filter(groups -> !groups.isEmpty())
                    .map(groups -> ContainerGroup.of(groups).usage())
                    .ifPresent(used -> usage.put(container, used));
        }
        return usage;
    }

    @Override
    public void close() {
        calls.shutdown();
        tools.ifPresent(one -> one.bundles().close());
    }

    private void later(Runnable call) {
        try {
            calls.execute(call);
        } catch (RejectedExecutionException e) {
            log.debug("oci.call_too_late reason={}", e.toString());
        }
    }

    private static ProcessRef own(ContainerRef container) {
        return (ProcessRef) container;
    }
}
