package io.finback.controlplane.framework;

import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocator.ClientSpec;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A framework's offers: what it has, what it wants, and what it does not want. */
final class OfferDesk {
    private final Turn turn;
    private final Map<OfferId, Offer> outstanding = new LinkedHashMap<>();
    private final Set<OfferId> inverse = new LinkedHashSet<>();
    private long epoch;

    OfferDesk(Turn turn) {
        this.turn = turn;
    }

    /** The offers of these that stand, as far as is known; they do no more. */
    List<Offer> use(List<OfferId> offers) {
        List<Offer> used = new ArrayList<>();
        for (OfferId offer : offers) {
            Offer known = outstanding.remove(offer);
            if (known != null) {
                used.add(known);
            }
        }
        return used;
    }

    void decline(SchedulerCall.Decline call) {
        call.offers().forEach(outstanding::remove);
        turn.traces().over(call.offers(), "declined", turn.now());
        turn.out().tellAllocator(new AllocatorMessage.Decline(turn.id(), call.offers(), call.refuse()));
        turn.done(call.caller());
    }

    void answerInverse(SchedulerCall.AnswerInverse call) {
        call.inverseOffers().forEach(inverse::remove);
        turn.out()
                .tellAllocator(new AllocatorMessage.AnswerInverse(
                        turn.id(), call.inverseOffers(), call.accepted(), call.refuse()));
        turn.done(call.caller());
    }

    void suppress(SchedulerCall.Suppress call) {
        turn.round().subscription().ifPresent(subscription -> {
            Set<String> suppressed = new LinkedHashSet<>(subscription.suppressed());
            subscription.info().roles().stream()
                    .filter(role -> call.roles().isEmpty() || call.roles().contains(role))
                    .forEach(suppressed::add);
            prefer(subscription, suppressed);
        });
        turn.done(call.caller());
    }

    void revive(SchedulerCall.Revive call) {
        turn.round().subscription().ifPresent(subscription -> {
            Set<String> suppressed = new LinkedHashSet<>(subscription.suppressed());
            suppressed.removeIf(role -> call.roles().isEmpty() || call.roles().contains(role));
            prefer(subscription, suppressed);
        });
        turn.out().tellAllocator(new AllocatorMessage.Revive(turn.id(), call.roles()));
        turn.done(call.caller());
    }

    private void prefer(FrameworkEvent.Subscribed subscription, Set<String> suppressed) {
        if (!suppressed.equals(subscription.suppressed())) {
            turn.round()
                    .prefer(new FrameworkEvent.Preferences(
                            subscription.info(), suppressed, subscription.constraints()));
        }
        interest();
    }

    /** Tells the allocator what the framework wants. Must be repeated: it is a lease. */
    void interest() {
        turn.round().subscription().ifPresent(subscription -> {
            FrameworkInfo info = subscription.info();
            ClientSpec spec = new ClientSpec(
                    new LinkedHashSet<>(info.roles()),
                    subscription.suppressed(),
                    info.capabilities(),
                    subscription.constraints(),
                    info.minimums());
            turn.out()
                    .tellAllocator(new AllocatorMessage.Interest(
                            turn.id(), spec, turn.out().allocatorReplies()));
        });
    }

    /** The scheduler is gone: its offers are, too, and nobody rescinds them. */
    void forget() {
        turn.traces().allOver("rescinded", turn.now());
        outstanding.clear();
        inverse.clear();
        turn.out().tellAllocator(new AllocatorMessage.NoInterest(turn.id()));
    }

    /** These are the framework's roles from now on: it keeps no offer of another. */
    void keepOnly(List<String> roles) {
        Set<String> kept = new HashSet<>(roles);
        List<OfferId> gone = outstanding.values().stream()
                .filter(offer -> !kept.contains(offer.role()))
                .map(Offer::id)
                .toList();
        if (!gone.isEmpty()) {
            gone.forEach(outstanding::remove);
            turn.traces().over(gone, "rescinded", turn.now());
            turn.courier().tell(new SchedulerEvent.Rescind(gone));
            turn.out().tellAllocator(new AllocatorMessage.Decline(turn.id(), gone, Duration.ZERO));
        }
    }

    // -- what the allocator says --

    void made(AllocationEvent.OffersMade event) {
        epoch(event.epoch());
        if (turn.courier().scheduler().isEmpty()) {
            return; // NoInterest is on its way
        }
        List<Offer> offers = new ArrayList<>();
        Map<AgentId, List<String>> executors = executors();
        for (AllocationEvent.Made made : event.offers()) {
            Offer offer = new Offer(
                    made.id(),
                    turn.id(),
                    made.agent(),
                    made.hostname(),
                    made.resources(),
                    made.attributes(),
                    made.role(),
                    made.httpPort(),
                    made.domain(),
                    made.unavailability(),
                    executors.getOrDefault(made.agent(), List.of()));
            outstanding.put(made.id(), offer);
            turn.traces().made(made.id(), made.agent(), made.role(), turn.now());
            offers.add(offer);
        }
        turn.courier().tell(new SchedulerEvent.Offers(offers));
    }

    /** The framework's executors by agent; those of plain commands are not shown. */
    private Map<AgentId, List<String>> executors() {
        Map<AgentId, List<String>> ids = new HashMap<>();
        turn.round()
                .executorRuns()
                .forEach(record -> record.info().options().executor().ifPresent(executor -> ids.computeIfAbsent(
                                record.info().agent(), agent -> new ArrayList<>())
                        .add(executor.id())));
        return ids;
    }

    void withdrawn(AllocationEvent.OffersWithdrawn event) {
        List<OfferId> gone = event.offers().stream()
                .filter(offer -> outstanding.remove(offer) != null)
                .toList();
        if (!gone.isEmpty()) {
            turn.traces().over(gone, "rescinded", turn.now());
            turn.courier().tell(new SchedulerEvent.Rescind(gone));
        }
    }

    void inverseMade(AllocationEvent.InverseMade event) {
        List<SchedulerEvent.InverseOffer> fresh = event.offers().stream()
                .filter(offer -> inverse.add(offer.id()))
                .map(offer ->
                        new SchedulerEvent.InverseOffer(offer.id(), turn.id(), offer.agent(), offer.unavailability()))
                .toList();
        if (!fresh.isEmpty()) {
            turn.courier().tell(new SchedulerEvent.InverseOffers(fresh));
        }
    }

    void inverseWithdrawn(AllocationEvent.InverseWithdrawn event) {
        List<OfferId> gone = event.offers().stream().filter(inverse::remove).toList();
        if (!gone.isEmpty()) {
            turn.courier().tell(new SchedulerEvent.RescindInverse(gone));
        }
    }

    /** Offers of another incarnation of the allocator are void. */
    void epoch(long newer) {
        if (newer == epoch) {
            return;
        }
        epoch = newer;
        if (!outstanding.isEmpty()) {
            turn.traces().allOver("rescinded", turn.now());
            turn.courier().tell(new SchedulerEvent.Rescind(List.copyOf(outstanding.keySet())));
            outstanding.clear();
        }
        if (!inverse.isEmpty()) {
            turn.courier().tell(new SchedulerEvent.RescindInverse(List.copyOf(inverse)));
            inverse.clear();
        }
    }
}
