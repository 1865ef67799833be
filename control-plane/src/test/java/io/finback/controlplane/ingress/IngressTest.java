package io.finback.controlplane.ingress;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What stands before an entity, with entities that fail: nothing but the batch that failed is lost, and order is kept. */
final class IngressTest {
    private record Got(int incarnation, List<String> messages, ActorRef<Ingress.Signal> done, long number) {
        void answer() {
            done.tell(new Ingress.Done(number));
        }
    }

    private record Born(int incarnation, ActorRef<Batch<String>> entity, ActorRef<Ingress.Signal> ingress) {
        void ready() {
            ingress.tell(new Ingress.Ready(entity));
        }
    }

    private final ActorTestKit kit = ActorTestKit.create();
    private final TestProbe<Born> births = kit.createTestProbe();
    private final TestProbe<Got> got = kit.createTestProbe();
    private final AtomicInteger born = new AtomicInteger();

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    private ActorRef<String> ingress(int queue) {
        return kit.spawn(Ingress.create(
                String.class,
                new Ingress.Settings(2, queue),
                (self, ingress) -> Behaviors.setup(context -> {
                    int incarnation = born.incrementAndGet();
                    births.getRef().tell(new Born(incarnation, context.getSelf(), ingress));
                    return entity(incarnation);
                })));
    }

    private Behavior<Batch<String>> entity(int incarnation) {
        return Behaviors.receiveMessage(batch -> {
            if (batch.messages().contains("fail")) {
                throw new IllegalStateException("a write that failed");
            }
            got.getRef().tell(new Got(incarnation, batch.messages(), batch.done(), batch.number()));
            return Behaviors.same();
        });
    }

    @Test
    void whatWaitsGoesToTheNextEntityAndTheFailedBatchDoesNot() {
        ActorRef<String> ingress = ingress(100);
        Born first = births.receiveMessage();
        List.of("fail", "with it", "a", "b", "c").forEach(ingress::tell);
        first.ready();
        Born second = births.receiveMessage();
        ingress.tell("d");
        second.ready();
        Got one = got.receiveMessage();
        one.answer();
        Got two = got.receiveMessage();
        two.answer();
        assertThat(one.messages()).containsExactly("a", "b");
        assertThat(two.messages()).containsExactly("c", "d");
        assertThat(one.incarnation()).isEqualTo(2);
    }

    @Test
    void whatWaitsOutlivesEntitiesThatNeverRecover() {
        ActorRef<String> ingress = ingress(100);
        Born first = births.receiveMessage();
        ingress.tell("asked while everybody recovers");
        first.entity().tell(new Batch<>(-1, List.of("fail"), first.ingress()));
        Born second = births.receiveMessage();
        second.entity().tell(new Batch<>(-1, List.of("fail"), second.ingress()));
        births.receiveMessage().ready();
        assertThat(got.receiveMessage().messages()).containsExactly("asked while everybody recovers");
    }

    @Test
    void theWordOfAnEntityThatHasEndedIsNotTakenForThatOfItsSuccessor() {
        ActorRef<String> ingress = ingress(100);
        Born first = births.receiveMessage();
        first.ready();
        ingress.tell("fail");
        Born second = births.receiveMessage();
        first.ready();
        ingress.tell("a");
        got.expectNoMessage();
        second.ready();
        assertThat(got.receiveMessage().incarnation()).isEqualTo(2);
    }

    @Test
    void aBatchThatIsNotAnsweredKeepsTheNextOneWaiting() {
        ActorRef<String> ingress = ingress(100);
        births.receiveMessage().ready();
        List.of("a", "b", "c").forEach(ingress::tell);
        Got first = got.receiveMessage();
        got.expectNoMessage();
        first.done().tell(new Ingress.Done(first.number() - 1));
        got.expectNoMessage();
        first.answer();
        assertThat(got.receiveMessage().messages()).isNotEmpty();
    }

    @Test
    void moreThanTheQueueHoldsIsDropped() {
        ActorRef<String> ingress = ingress(2);
        Born first = births.receiveMessage();
        List.of("a", "b", "c").forEach(ingress::tell);
        first.ready();
        Got one = got.receiveMessage();
        assertThat(one.messages()).containsExactly("a", "b");
        one.answer();
        got.expectNoMessage();
    }
}
