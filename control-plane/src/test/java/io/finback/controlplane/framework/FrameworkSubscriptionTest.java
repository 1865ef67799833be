package io.finback.controlplane.framework;

import static io.finback.controlplane.framework.FrameworkWorld.AGENT;
import static io.finback.controlplane.framework.FrameworkWorld.info;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.framework.FrameworkWorld.Ear;
import io.finback.resources.OfferId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What outside schedulers may count on about their subscription: its streams, its changes, failover and the end. */
class FrameworkSubscriptionTest {
    private static final CallAnswer DONE = new CallAnswer.Done();

    @RegisterExtension
    final FrameworkWorld world = new FrameworkWorld();

    // -- subscription --

    @Test
    void onlyTheLatestSubscriptionIsHeard() {
        Ear<SchedulerEvent> first = world.subscribe("s1");
        OfferId offer = world.offer(first);
        Ear<SchedulerEvent> second = world.subscribe("s2");
        assertThat(first.next(SchedulerEvent.Ended.class).message()).isEqualTo("Framework failed over");
        world.tell(new SchedulerCall.Decline(world.caller("s1"), List.of(offer), Duration.ZERO));
        world.expectRefused(CallAnswer.Why.INVALID, "didn't match");
        world.tell(new SchedulerCall.Revive(world.caller(""), Set.of()));
        world.expectRefused(CallAnswer.Why.INVALID, "Mesos-Stream-Id");
        world.tell(new SchedulerCall.Revive(world.caller("s2"), Set.of()));
        assertThat(world.answer()).isEqualTo(DONE);
        second.stop();
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.tell(new SchedulerCall.Revive(world.caller("s2"), Set.of()));
        world.expectRefused(CallAnswer.Why.NOT_SUBSCRIBED, "Framework is not subscribed");
    }

    @Test
    void aFrameworkNobodySubscribedIsNotFoundAndLeavesNothingBehind() {
        world.tell(new SchedulerCall.Revive(world.caller("s1"), Set.of()));
        world.expectRefused(CallAnswer.Why.INVALID, "Framework cannot be found");
        world.pass(Duration.ofSeconds(1));
        world.tell(new SchedulerCall.Teardown(world.caller(""), true));
        world.expectRefused(CallAnswer.Why.INVALID, "Framework cannot be found");
        world.journal.expectNothingPersisted("Framework|" + world.id.value());
    }

    @Test
    void whatIsWrongWithASubscriptionEndsTheNewStreamAndNotTheOld() {
        Ear<SchedulerEvent> old = world.subscribe("s1");
        Ear<SchedulerEvent> wrong = world.scheduler();
        FrameworkInfo other = new FrameworkInfo("test", "somebody else", List.of("dev"), Duration.ZERO);
        world.tell(new SchedulerCall.Subscribe(other, Set.of(), OfferConstraints.NONE, Optional.of("s2"), wrong.ref()));
        assertThat(wrong.next(SchedulerEvent.Ended.class).message())
                .contains("Changing framework's principal is not allowed");
        world.offer(old);
        world.tell(new SchedulerCall.Revive(world.caller("s1"), Set.of()));
        assertThat(world.answer()).isEqualTo(DONE);
    }

    @Test
    void anUpdateIsDurableAndRescindsOffersOfRolesThatWent() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        OfferId offer = world.offer(scheduler);
        FrameworkInfo before = info(Duration.ofSeconds(30), Capability.PARTITION_AWARE);
        FrameworkInfo after = new FrameworkInfo(
                before.name(),
                before.principal(),
                List.of("ops"),
                before.failoverTimeout(),
                before.user(),
                before.capabilities(),
                before.checkpoint(),
                before.hostname(),
                before.webuiUrl(),
                before.labels(),
                before.minimums());
        world.tell(new SchedulerCall.Update(world.caller("s1"), after, Set.of("dev"), OfferConstraints.NONE));
        world.expectRefused(CallAnswer.Why.INVALID, "suppressed_roles: role 'dev'");
        world.tell(new SchedulerCall.Update(world.caller("s1"), after, Set.of("ops"), OfferConstraints.NONE));
        assertThat(world.answer()).isEqualTo(DONE);
        assertThat(scheduler.next(SchedulerEvent.Rescind.class).offers()).containsExactly(offer);
        world.restart();
        AllocatorMessage.Interest interest = world.allocator.next(
                AllocatorMessage.Interest.class,
                message -> message.spec().roles().contains("ops"));
        assertThat(interest.spec().suppressed()).containsExactly("ops");
    }

    @Test
    void suppressedRolesSurviveTheMaster() {
        world.subscribe("s1");
        world.tell(new SchedulerCall.Suppress(world.caller("s1"), Set.of("dev", "not mine")));
        assertThat(world.answer()).isEqualTo(DONE);
        world.restart();
        world.tell(new SchedulerCall.Revive(world.caller("s1"), Set.of("dev")));
        assertThat(world.answer()).isEqualTo(DONE);
        world.allocator.next(
                AllocatorMessage.Interest.class,
                message -> message.spec().suppressed().equals(Set.of("dev")));
        world.allocator.next(
                AllocatorMessage.Revive.class, message -> message.roles().equals(Set.of("dev")));
        world.restart();
        world.allocator.next(
                AllocatorMessage.Interest.class,
                message -> message.spec().suppressed().isEmpty());
    }

    // -- failover and removal --

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFrameworkThatDoesNotComeBackIsRemoved(boolean withRestart) {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.running(scheduler, "s1", "t1");
        scheduler.stop();
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.pass(Duration.ofSeconds(29));
        if (withRestart) {
            world.restart();
            world.pass(Duration.ofSeconds(29));
        }
        world.pass(Duration.ofSeconds(2));
        world.kill(task);
        Ear<SchedulerEvent> late = world.scheduler();
        world.tell(new SchedulerCall.Subscribe(
                info(Duration.ZERO), Set.of(), OfferConstraints.NONE, Optional.of("s2"), late.ref()));
        assertThat(late.next(SchedulerEvent.Ended.class).message()).isEqualTo("Framework has been removed");
        world.report(task, TaskState.KILLED, "end");
        world.acknowledgedToAgent("end");
        world.released(task);
        world.views.next(
                FrameworkDelta.class,
                delta -> delta.tornDown()
                        && delta.tasks().stream()
                                .anyMatch(one -> one.status().reason().equals(Optional.of("FRAMEWORK_REMOVED"))));
    }

    @Test
    void aFrameworkThatComesBackInTimeHearsWhatItHasNotTaken() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.launched(scheduler, "s1", "t1");
        scheduler.stop();
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.report(task, TaskState.FINISHED, "end");
        world.pass(Duration.ofSeconds(29));
        Ear<SchedulerEvent> again = world.subscribe("s2");
        world.pass(Duration.ofSeconds(29));
        world.acknowledge("s2", world.update(again, TaskState.FINISHED));
        world.acknowledgedToAgent("end");
        world.tell(new SchedulerCall.Revive(world.caller("s2"), Set.of()));
        assertThat(world.answer()).isEqualTo(DONE);
    }

    @Test
    void withoutFailoverTimeoutADisconnectIsTheEndButNotThatOfAMaster() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1", info(Duration.ZERO));
        TaskInfo task = world.running(scheduler, "s1", "t1");
        // The master goes, and the scheduler's connection with it.
        world.restart();
        scheduler.stop();
        world.allocator.next(AllocatorMessage.NoInterest.class);
        world.pass(Duration.ofMinutes(9));
        Ear<SchedulerEvent> again = world.subscribe("s2", info(Duration.ZERO));
        world.tell(new SchedulerCall.Revive(world.caller("s2"), Set.of()));
        assertThat(world.answer()).isEqualTo(DONE);
        again.stop();
        world.kill(task);
    }

    @Test
    void aTeardownKillsUntilItIsDone() {
        Ear<SchedulerEvent> scheduler = world.subscribe("s1");
        TaskInfo task = world.running(scheduler, "s1", "t1");
        TaskInfo claimed = world.task("t2");
        world.accept("s1", List.of(world.offer(scheduler)), claimed);
        AllocatorMessage.Claim claim = world.claim();
        world.tell(new SchedulerCall.Teardown(world.caller("s1"), false));
        assertThat(world.answer()).isEqualTo(DONE);
        scheduler.next(SchedulerEvent.Disconnected.class);
        world.pass(Duration.ofSeconds(1));
        world.kill(task);
        world.restart();
        world.pass(Duration.ofSeconds(1));
        world.kill(task);
        world.grant(world.claim(), claimed);
        assertThat(claim.number()).isPositive();
        // It may have been launched before the restart: its agent says.
        world.tell(new AgentReport.AgentBack(
                AGENT,
                7,
                AgentReport.Span.ALL,
                List.of(new AgentReport.Listed(task.id(), TaskState.RUNNING)),
                List.of()));
        world.kill(task);
        world.report(task, TaskState.KILLED, "end");
        world.acknowledgedToAgent("end");
        world.released(task);
        world.tell(new SchedulerCall.Teardown(world.caller(""), true));
        world.expectRefused(CallAnswer.Why.INVALID, "Framework cannot be found");
    }
}
