package io.finback.verification.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchRule;
import io.finback.runtime.StartFailure;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;

/** Which room may know which (docs/architecture.md), what pure means, and what no hot path does. */
final class Rules {
    private static final String[] CONTROL_PLANE = {"io.finback.controlplane.."};
    private static final String[] NODE_AGENT = {"io.finback.nodeagent.."};
    private static final String[] MESH_ROUTER = {"io.finback.meshrouter.."};
    private static final String[] CLI = {"io.finback.cli.."};
    private static final String[] CLUSTER_CONFIG = {
        "io.finback.resources..",
        "io.finback.tasks..",
        "io.finback.mesos..",
        "io.finback.names..",
        "io.finback.wire..",
        "io.finback.runtime..",
        "io.finback.settings..",
        "io.finback.tracing..",
        "io.finback.persistence.."
    };
    private static final String[] BOOT = {
        "io.finback.controlplane.boot..", "io.finback.nodeagent.boot..", "io.finback.meshrouter.boot.."
    };
    private static final String MESOS_API = "io.finback.controlplane.mesosapi..";
    private static final String MARATHON_API = "io.finback.controlplane.marathonapi..";
    private static final String CHRONOS_API = "io.finback.controlplane.chronosapi..";
    private static final String NAMERD_API = "io.finback.controlplane.namerdapi..";
    private static final String[] PURE = {
        "io.finback.resources..",
        "io.finback.tasks..",
        "io.finback.controlplane.allocator..",
        "io.finback.controlplane.placement..",
        "io.finback.controlplane.scheduler..",
        "io.finback.controlplane.schedule..",
        "io.finback.controlplane.dtabs..",
        "io.finback.nodeagent.task..",
        "io.finback.nodeagent.check..",
        "io.finback.names..",
        "io.finback.meshrouter.balance..",
        "io.finback.meshrouter.resilience.."
    };

    private Rules() {}

    static List<Rule> all() {
        return List.of(
                Rule.of(
                        "the control plane knows no other node",
                        neverUses(CONTROL_PLANE, NODE_AGENT, MESH_ROUTER, CLI),
                        io.finback.controlplane.agent.ReachesIntoAnAgent.class),
                Rule.of(
                        "an agent knows no other node",
                        neverUses(NODE_AGENT, CONTROL_PLANE, MESH_ROUTER, CLI),
                        io.finback.nodeagent.node.ReachesIntoAMaster.class),
                Rule.of(
                        "a router knows no other node",
                        neverUses(MESH_ROUTER, CONTROL_PLANE, NODE_AGENT, CLI),
                        io.finback.meshrouter.router.ReachesIntoAMaster.class),
                Rule.of(
                        "cluster-config knows no module above it",
                        neverUses(CLUSTER_CONFIG, CONTROL_PLANE, NODE_AGENT, MESH_ROUTER, CLI),
                        io.finback.wire.ReachesUp.class),
                Rule.of(
                        "only cli starts nodes",
                        noClasses()
                                .that()
                                .resideOutsideOfPackages(join(BOOT, CLI))
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage(BOOT),
                        io.finback.controlplane.agent.StartsAMaster.class,
                        io.finback.controlplane.boot.Anything.class),
                Rule.of(
                        "actor rooms know no API",
                        noClasses()
                                .that()
                                .resideInAPackage("io.finback.controlplane..")
                                .and()
                                .resideOutsideOfPackages(join(BOOT, MESOS_API, MARATHON_API, CHRONOS_API, NAMERD_API))
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage(MESOS_API, MARATHON_API, CHRONOS_API, NAMERD_API),
                        io.finback.controlplane.agent.KnowsAnApi.class),
                Rule.of(
                        "the APIs ignore each other: Mesos",
                        neverUses(new String[] {MESOS_API}, new String[] {MARATHON_API, CHRONOS_API}),
                        io.finback.controlplane.mesosapi.KnowsMarathon.class),
                Rule.of(
                        "the APIs ignore each other: Marathon",
                        neverUses(new String[] {MARATHON_API}, new String[] {MESOS_API, CHRONOS_API}),
                        io.finback.controlplane.marathonapi.KnowsMesos.class),
                Rule.of(
                        "the APIs ignore each other: Chronos",
                        neverUses(new String[] {CHRONOS_API}, new String[] {MESOS_API, MARATHON_API}),
                        io.finback.controlplane.chronosapi.KnowsMarathon.class),
                Rule.of(
                        "pure rooms depend on values only",
                        pureRoomsDependOnValuesOnly(),
                        io.finback.controlplane.allocator.OpensAFile.class),
                Rule.of(
                        "pure rooms use no Akka",
                        pureRoomsDependOnValuesOnly(),
                        io.finback.nodeagent.task.TellsAnActor.class),
                Rule.of(
                        "pure rooms start no threads",
                        pureRoomsDependOnValuesOnly(),
                        io.finback.meshrouter.balance.StartsAThread.class),
                Rule.of(
                        "pure rooms are given time",
                        pureRoomsCallNeitherClockNorChance(),
                        io.finback.controlplane.scheduler.ReadsTheClock.class),
                Rule.of(
                        "pure rooms are given chance",
                        pureRoomsCallNeitherClockNorChance(),
                        io.finback.names.RollsDice.class),
                cycles(
                        "cluster-config",
                        "io.finback.(*)..",
                        io.finback.resources.Circle.class,
                        io.finback.tasks.Circle.class),
                cycles(
                        "control-plane",
                        "io.finback.controlplane.(*)..",
                        io.finback.controlplane.view.Circle.class,
                        io.finback.controlplane.app.Circle.class),
                cycles(
                        "node-agent",
                        "io.finback.nodeagent.(*)..",
                        io.finback.nodeagent.node.Circle.class,
                        io.finback.nodeagent.executor.Circle.class),
                cycles(
                        "mesh-router",
                        "io.finback.meshrouter.(*)..",
                        io.finback.meshrouter.router.Circle.class,
                        io.finback.meshrouter.rpc.Circle.class),
                Rule.of(
                        "only cli talks to the terminal",
                        noClasses()
                                .that()
                                .resideInAPackage("io.finback..")
                                .and()
                                .resideOutsideOfPackages(CLI)
                                .should()
                                .accessField(System.class, "out")
                                .orShould()
                                .accessField(System.class, "err"),
                        io.finback.nodeagent.node.Prints.class),
                Rule.of(
                        "nothing runs on the common pool by default",
                        noClasses()
                                .that()
                                .resideInAPackage("io.finback..")
                                .should()
                                .callMethodWhere(asyncWithoutExecutor())
                                .because("on two cores JDK 17 starts a thread for each of them"),
                        io.finback.controlplane.view.UsesTheCommonPool.class));
    }

    private static ArchRule neverUses(String[] room, String[]... others) {
        return noClasses()
                .that()
                .resideInAnyPackage(room)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(join(others));
    }

    /** The exception that ends a start is everybody's: it says nothing of the room it stands in. */
    private static Rule cycles(String module, String pattern, Class<?>... culprits) {
        return Rule.of(
                "no cycles between the rooms of " + module,
                slices().matching(pattern)
                        .should()
                        .beFreeOfCycles()
                        .ignoreDependency(alwaysTrue(), type(StartFailure.class)),
                culprits);
    }

    private static ArchRule pureRoomsDependOnValuesOnly() {
        DescribedPredicate<JavaClass> values = resideInAnyPackage(
                        "java.lang",
                        "java.lang.annotation",
                        "java.lang.invoke",
                        "java.lang.runtime",
                        "java.math",
                        "java.nio.charset",
                        "java.text",
                        "java.time..",
                        "java.util",
                        "java.util.concurrent.atomic",
                        "java.util.function",
                        "java.util.random",
                        "java.util.regex",
                        "java.util.stream",
                        "org.jspecify.annotations",
                        "com.google.errorprone.annotations")
                .and(DescribedPredicate.doNot(threads()));
        DescribedPredicate<JavaClass> allowed = values.or(resideInAPackage("io.finback.resources.."))
                .or(resideInAPackage("io.finback.tasks.."))
                .or(resideInAnyPackage(PURE))
                .or(primitives())
                .as("values: java.* without io, net, nio and threads, and io.finback.resources and tasks");
        return classes().that().resideInAnyPackage(PURE).should().onlyDependOnClassesThat(allowed);
    }

    private static DescribedPredicate<JavaClass> threads() {
        Set<String> names = Set.of(
                Thread.class.getName(),
                ThreadGroup.class.getName(),
                ThreadLocal.class.getName(),
                Process.class.getName(),
                ProcessBuilder.class.getName(),
                Runtime.class.getName(),
                java.util.Timer.class.getName());
        return DescribedPredicate.describe("be threads or processes", type -> names.contains(type.getName()));
    }

    private static DescribedPredicate<JavaClass> primitives() {
        return DescribedPredicate.describe(
                "primitives and their arrays",
                type -> type.isPrimitive()
                        || (type.isArray() && type.getBaseComponentType().isPrimitive()));
    }

    private static ArchRule pureRoomsCallNeitherClockNorChance() {
        DescribedPredicate<JavaCall<?>> impure = DescribedPredicate.describe("a clock or chance", Rules::isImpure);
        return noClasses().that().resideInAnyPackage(PURE).should().callCodeUnitWhere(impure);
    }

    private static boolean isImpure(JavaCall<?> call) {
        String owner = call.getTargetOwner().getName();
        String name = call.getTarget().getName();
        boolean noArguments = call.getTarget().getRawParameterTypes().isEmpty();
        boolean now = name.equals("now")
                && isOneOf(
                        owner,
                        Instant.class,
                        LocalDate.class,
                        LocalDateTime.class,
                        LocalTime.class,
                        OffsetDateTime.class,
                        ZonedDateTime.class);
        boolean clock = isOneOf(owner, Clock.class) && name.startsWith("system");
        boolean nanos = isOneOf(owner, System.class) && (name.equals("nanoTime") || name.equals("currentTimeMillis"));
        boolean chance = (isOneOf(owner, UUID.class) && name.equals("randomUUID"))
                || (isOneOf(owner, Math.class) && name.equals("random"))
                || (isOneOf(owner, Random.class) && name.equals("<init>") && noArguments)
                || (isOneOf(owner, Collections.class)
                        && name.equals("shuffle")
                        && call.getTarget().getRawParameterTypes().size() == 1)
                || isOneOf(owner, ThreadLocalRandom.class, SecureRandom.class);
        return now || clock || nanos || chance;
    }

    private static boolean isOneOf(String name, Class<?>... types) {
        return List.of(types).stream().anyMatch(type -> type.getName().equals(name));
    }

    private static DescribedPredicate<JavaCall<?>> asyncWithoutExecutor() {
        return DescribedPredicate.describe(
                "an asynchronous step without an executor",
                call -> !call.getOrigin()
                                .getModifiers()
                                .contains(JavaModifier.BRIDGE) // javac's own, to what is checked itself
                        && call.getTargetOwner().isAssignableTo(CompletionStage.class)
                        && call.getTarget().getName().endsWith("Async")
                        && call.getTarget().getRawParameterTypes().stream()
                                .noneMatch(parameter -> parameter.isEquivalentTo(Executor.class)));
    }

    private static String[] join(String[] first, String... more) {
        return join(new String[][] {first, more});
    }

    private static String[] join(String[][] all) {
        return List.of(all).stream().flatMap(some -> List.of(some).stream()).toArray(String[]::new);
    }
}
