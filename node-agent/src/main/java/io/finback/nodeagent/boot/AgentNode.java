package io.finback.nodeagent.boot;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import akka.http.javadsl.ServerBinding;
import com.typesafe.config.Config;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.api.ContainmentView;
import io.finback.nodeagent.api.TransfersView;
import io.finback.nodeagent.checkpoint.CheckpointStore;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.executor.Launcher;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.executor.ProcessContainerizer;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Sandboxes;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.fetch.FetchStep;
import io.finback.nodeagent.fetch.Fetcher;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.machine.Machine;
import io.finback.nodeagent.node.AgentGuardian;
import io.finback.nodeagent.node.ConversationActor;
import io.finback.nodeagent.node.ConversationSettings;
import io.finback.nodeagent.node.DiskWatch;
import io.finback.nodeagent.node.ExecutorDoor;
import io.finback.nodeagent.node.LendingActor;
import io.finback.nodeagent.node.LinkGuardian;
import io.finback.nodeagent.node.Registration;
import io.finback.nodeagent.node.TaskBoard;
import io.finback.nodeagent.node.TaskTools;
import io.finback.nodeagent.node.TasksActor;
import io.finback.nodeagent.oci.OciContainerizer;
import io.finback.nodeagent.secret.SecretFiles;
import io.finback.nodeagent.secret.TaskSecrets;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.volume.Volumes;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import io.finback.runtime.ClusterLink;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Management;
import io.finback.runtime.Node;
import io.finback.runtime.Readiness;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.runtime.Version;
import io.finback.tracing.Tracing;
import io.finback.wire.AgentInfo;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A started agent. {@link #start} either returns one that works or throws and leaves nothing behind. */
public final class AgentNode implements Node {
    private static final Logger log = LoggerFactory.getLogger(AgentNode.class);
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration LEAVE_LIMIT = Duration.ofSeconds(15);

    private final AgentSettings settings;
    private final ActorSystem<AgentGuardian.Command> system;
    private final ServerBinding binding;
    private final ActorRef<ConversationActor.Command> conversation;
    private final ActorRef<TasksActor.Command> tasks;
    private final ClusterLink link;
    private final Containerizers containers;
    private final LaunchThreads threads;
    private final TaskBoard board;
    private final Registration registration;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private final CompletableFuture<String> terminated = new CompletableFuture<>();
    private final AtomicReference<String> end = new AtomicReference<>("the agent's ActorSystem ended by itself");
    private volatile boolean removed;

    private AgentNode(
            AgentSettings settings,
            ActorSystem<AgentGuardian.Command> system,
            ServerBinding binding,
            ActorRef<ConversationActor.Command> conversation,
            ActorRef<TasksActor.Command> tasks,
            ClusterLink link,
            Containerizers containers,
            LaunchThreads threads,
            TaskBoard board,
            Registration registration) {
        this.settings = settings;
        this.system = system;
        this.binding = binding;
        this.conversation = conversation;
        this.tasks = tasks;
        this.link = link;
        this.containers = containers;
        this.threads = threads;
        this.board = board;
        this.registration = registration;
    }

    /**
     * Starts an agent on {@code config}, the whole resolved configuration. Tasks the last agent on the same data directory left
     * running are adopted. Blocks until the API answers; {@link #ready} completes when a master has admitted the agent.
     */
    public static Node start(Config config) {
        ProcessStarts.choose();
        Tracing.check(config); // an agent makes no spans; one file may serve all roles
        AgentSettings settings = AgentSettings.from(config);
        Tools tools = TaskPrograms.find(settings.launcher(), settings.dataDir());
        AgentId id = AgentIdFile.of(settings.dataDir());
        Sandboxes sandboxes = new Sandboxes(settings.dataDir(), id);
        TaskBoard board = new TaskBoard();
        Registration registration = new Registration();
        String bootId;
        CheckpointStore store;
        Resources resources;
        Fetcher fetcher;
        try {
            bootId = ProcFs.bootId();
            store = CheckpointStore.open(settings.dataDir());
            fetcher = Fetcher.create(settings.fetch(), settings.dataDir().resolve("fetch-cache"));
            resources = Machine.look(settings.dataDir()).offer(settings.resources());
        } catch (IOException e) {
            throw new StartFailure("finback.data-dir: " + settings.dataDir() + " cannot be used (" + e + ")", e);
        }
        Isolation isolation = TaskContainment.on(settings, tools);
        Processes processes = new Processes(tools);
        Launcher launcher = new Launcher(tools, settings.logs(), bootId, settings.hostname(), System.getenv());
        ProcessContainerizer commands =
                new ProcessContainerizer(launcher, processes, isolation, sandboxes.ofAllIds(), bootId);
        OciContainerizer images = ImageKeys.containerizer(settings, tools, isolation, processes, bootId);
        Containerizers containers = new Containerizers(
                List.of(commands, images, DockerKeys.containerizer(settings, sandboxes.ofAllIds(), bootId)));
        AgentView view = new AgentView(
                id.value(),
                settings.hostname(),
                resources,
                settings.attributes(),
                settings.domain(),
                Version.current(),
                Instant.now(),
                board,
                sandboxes,
                registration,
                containers,
                new ContainmentView(isolation.all(), commands::outOfMemory, commands::leftGroups),
                new TransfersView(
                        fetcher::fetched,
                        fetcher::failed,
                        fetcher::cacheHits,
                        fetcher::cacheUsedBytes,
                        images::pulled,
                        images::failedPulls),
                settings.flags());

        LaunchThreads threads = LaunchThreads.start(
                settings.launchParallelism(), settings.fetch().parallelism());
        ActorSystem<AgentGuardian.Command> system = ClusterSystem.local(AgentGuardian.create(), Role.AGENT, config);
        ClusterLink link = null;
        try {
            AtomicReference<ActorRef<TasksActor.Command>> owner = new AtomicReference<>();
            Inside inside = new Inside(tools, images.door());
            ExecutorDoor door = ExecutorKey.door(config, settings.dataDir());
            ServerBinding binding = ApiServer.bind(
                    system,
                    settings,
                    view,
                    inside,
                    NestedWork.takeOver(settings, inside, launcher, processes, isolation, tools, bootId),
                    store::begunFile,
                    () -> Optional.ofNullable(owner.get()),
                    door);
            AgentInfo info = new AgentInfo(
                    id,
                    settings.hostname(),
                    binding.localAddress().getPort(),
                    resources,
                    settings.attributes(),
                    Version.current(),
                    settings.domain(),
                    view.containment().report());
            ActorRef<ConversationActor.Command> conversation = begin(
                    system,
                    started -> new AgentGuardian.Converse(info, ConversationSettings.STANDARD, registration, started));
            link = manage(system, config, id, conversation, registration);
            TaskTools work = new TaskTools(
                    id,
                    store,
                    sandboxes,
                    new Volumes(settings.dataDir(), resources, threads.blocking()),
                    new TaskSecrets(
                            settings.secrets().map(SecretFiles::new),
                            settings.dataDir().resolve("secrets")),
                    List.of(new FetchStep(fetcher, task -> unwanted(board, task))),
                    containers,
                    inside,
                    board,
                    threads.blocking(),
                    threads.patient(),
                    bootId,
                    settings.tasks(),
                    settings.executors()
                            .at(
                                    ApiServer.address(
                                            settings.httpHost(),
                                            binding.localAddress().getPort()),
                                    door));
            ActorRef<TasksActor.Command> tasks =
                    begin(system, started -> new AgentGuardian.Work(work, conversation, started));
            settings.diskChecks()
                    .map(every -> DiskWatch.start(work, every, tasks::tell))
                    .ifPresent(watch -> system.getWhenTerminated().thenAccept(done -> watch.close()));
            owner.set(tasks);
            Resources own = resources;
            settings.lending()
                    .map(lending -> new LendingActor.Parts(
                            lending.estimator(),
                            lending.qos(),
                            lending.interval(),
                            own,
                            board,
                            containers,
                            threads.blocking()))
                    .ifPresent(lending -> system.tell(new AgentGuardian.Lend(lending, conversation)));
            AgentNode node = new AgentNode(
                    settings, system, binding, conversation, tasks, link, containers, threads, board, registration);
            node.watchOver();
            log.info("agent.started agentId={} resources={} api={}", id, resources, binding.localAddress());
            return node;
        } catch (RuntimeException e) {
            if (link != null) {
                await(link.stop().toCompletableFuture());
            }
            system.terminate();
            await(system.getWhenTerminated().toCompletableFuture());
            containers.discardAll();
            threads.stop();
            containers.close();
            throw e;
        }
    }

    @Override
    public Role role() {
        return Role.AGENT;
    }

    @Override
    public CompletionStage<Void> ready() {
        return registration.first();
    }

    @Override
    public CompletionStage<String> terminated() {
        return terminated.copy();
    }

    @Override
    public boolean isRemoved() {
        return removed;
    }

    @Override
    public CompletionStage<Void> stop() {
        if (stopping.compareAndSet(false, true)) {
            end.set("stopped");
            CompletionStage<Done> tasks =
                    settings.stopTasksOnExit() ? stopTasks() : CompletableFuture.completedFuture(Done.getInstance());
            tasks.thenCompose(done -> ended("leave", leave())).thenAccept(done -> endSystems());
        }
        return stopped.copy();
    }

    /** The masters do not want this agent any more. Until its id is forgotten, a crash in here is repeated by the next start. */
    private void remove(String reason) {
        if (stopping.compareAndSet(false, true)) {
            removed = true;
            end.set(
                    "this agent was removed from the cluster (" + reason
                            + "); its tasks have been ended. To have this machine back, start the agent again: it joins as a new one");
            stopTasks()
                    .thenCompose(done -> ended(
                            "forget",
                            AskPattern.ask(
                                    tasks, TasksActor.ForgetUpdates::new, Duration.ofSeconds(10), system.scheduler())))
                    .thenAccept(done -> {
                        forgetId();
                        endSystems();
                    });
        }
    }

    private void forgetId() {
        try {
            AgentIdFile.forget(settings.dataDir());
        } catch (IOException e) {
            log.error("agent.id_not_forgotten reason={} next=the_next_start_is_refused_again", e.toString());
        }
    }

    private void endSystems() {
        ended("link", link.stop())
                .thenCompose(done -> ended("api", binding.terminate(Duration.ofSeconds(2))))
                .thenAccept(done -> system.terminate());
    }

    private CompletionStage<Done> leave() {
        return AskPattern.ask(conversation, ConversationActor.Leave::new, Duration.ofSeconds(2), system.scheduler());
    }

    /** Waits for the longest grace any task has, and a little for the end to be seen. */
    private CompletionStage<Done> stopTasks() {
        Duration longest = board.live().stream()
                .map(task -> task.info().killGrace().orElse(settings.tasks().killGrace()))
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
        return ended(
                "tasks", AskPattern.ask(tasks, TasksActor.StopAll::new, longest.plusSeconds(10), system.scheduler()));
    }

    /** Stopping goes on, whatever one step of it came to. */
    private static <T> CompletionStage<Done> ended(String step, CompletionStage<T> work) {
        return work.toCompletableFuture()
                .copy()
                .orTimeout(step.equals("tasks") ? Long.MAX_VALUE : LEAVE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                .handle((done, failure) -> {
                    if (failure != null) {
                        log.warn("agent.stop_step_failed step={} reason={}", step, failure.toString());
                    }
                    return Done.getInstance();
                });
    }

    private void watchOver() {
        registration.removal().thenAccept(this::remove);
        system.getWhenTerminated().whenComplete((done, failure) -> {
            containers.discardAll();
            threads.stop();
            containers.close();
            boolean asked = stopping.getAndSet(true);
            CompletionStage<Void> left = asked ? CompletableFuture.completedFuture(null) : link.stop();
            left.whenComplete((gone, problem) -> {
                registration.end(new StartFailure("the agent ended before a master admitted it"));
                boolean first = terminated.complete(end.get());
                log.info("agent.ended asked={} first={}", asked, first);
                stopped.complete(null);
            });
        });
    }

    /** Becomes a member, and shows that at the management port. */
    private static ClusterLink manage(
            ActorSystem<?> system,
            Config config,
            AgentId id,
            ActorRef<ConversationActor.Command> conversation,
            Registration registration) {
        ClusterLink link = ClusterLink.start(config, Role.AGENT, () -> LinkGuardian.create(id, conversation));
        try {
            Readiness.of(system)
                    .add("registered", () -> CompletableFuture.completedFuture(registration.isRegistered()));
            Management.start(system, link)
                    .toCompletableFuture()
                    .orTimeout(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
            return link;
        } catch (CompletionException e) {
            await(link.stop().toCompletableFuture());
            throw e.getCause() instanceof StartFailure failure ? failure : e;
        }
    }

    private static <T> T begin(
            ActorSystem<AgentGuardian.Command> system, Function<CompletableFuture<T>, AgentGuardian.Command> command) {
        CompletableFuture<T> started = new CompletableFuture<>();
        system.tell(command.apply(started));
        return started.orTimeout(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
    }

    private static void await(CompletableFuture<?> future) {
        try {
            future.orTimeout(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
        } catch (CompletionException e) {
            log.warn("agent.cleanup_incomplete reason={}", e.toString());
        }
    }

    /** Ordered to end while its launch was waiting for something. */
    private static boolean unwanted(TaskBoard board, AgentTask task) {
        return board.find(task.key()).filter(now -> now.kill().isEmpty()).isEmpty();
    }
}
