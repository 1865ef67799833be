package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.placement.Assignment;
import io.finback.controlplane.placement.Candidate;
import io.finback.controlplane.placement.Placement;
import io.finback.controlplane.placement.Spot;
import io.finback.controlplane.scheduler.Demand;
import io.finback.controlplane.scheduler.Instance;
import io.finback.resources.OfferId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;

/**
 * What waits, what is offered, and what a cycle makes of both: asks apps to journal their places, and others to make room. Confined to the
 * scheduler's actor.
 */
final class PlacingDesk {
    /** What may be placed now: all of it, and what of it the loss of many agents leaves for now. */
    record Due(List<Demand> all, List<Demand> paced) {
        boolean isEmpty() {
            return paced.isEmpty();
        }
    }

    final Backlog backlog = new Backlog();
    final OfferStock offers;
    final LaunchRounds rounds = new LaunchRounds();
    final Vanished vanished;
    private final SchedulerSettings settings;
    private final TaskOwners owners;
    private final QueueBook queue;
    private final Preemptor preemptor;
    private final RandomGenerator random;
    private final Logger log;

    PlacingDesk(
            SchedulerSettings settings,
            TaskOwners owners,
            Consumer<QueueReport> reports,
            RandomGenerator random,
            Logger log) {
        this.settings = settings;
        this.owners = owners;
        this.random = random;
        this.log = log;
        this.queue = new QueueBook(reports);
        this.vanished = new Vanished(settings.replaceBurst(), settings.replacePerSecond());
        this.preemptor = new Preemptor(settings.preemptionDelay());
        this.offers = new OfferStock(settings.maintenanceAhead(), owners::drains);
    }

    Due due(Instant now) {
        List<Demand> all = backlog.due(now, rounds.taskIds());
        return new Due(all, vanished.paced(all, now));
    }

    /** One cycle over {@code due}, if there is something to look at; apps answer to {@code self}. */
    void cycle(Due due, ActorRef<SchedulerMessage> self, Instant now) {
        due.paced().forEach(demand -> Homecoming.note(demand)
                .ifPresent(note -> queue.noteOnce(demand.appId(), note, now)));
        if (offers.isEmpty() && !preemptor.looks(now)) {
            return;
        }
        List<Candidate> candidates = offers.candidates(now, agent -> preemptor.heldFor(agent, now));
        Homecoming homecoming = new Homecoming(candidates, offers, random);
        List<Assignment> assignments = new ArrayList<>(homecoming.place(due.paced()));
        Placement cycle = new Placement(homecoming.left(), random);
        assignments.addAll(cycle.place(due.paced().stream().map(Demand::request).toList()));
        queue.keepOnly(backlog::waits, now);
        if (!candidates.isEmpty()) {
            queue.record(cycle, assignments, candidates.size(), now);
        }
        preemptor
                .after(cycle, due.paced(), assignments, backlog::waits, owners::victims, now)
                .forEach(order -> preempt(order, now));
        if (!assignments.isEmpty()) {
            place(assignments, self, now);
            Map<String, Integer> counts = new HashMap<>();
            assignments.forEach(a -> counts.merge(a.group(), 1, Integer::sum));
            due.all().forEach(demand -> vanished.placed(demand, counts.getOrDefault(demand.appId(), 0)));
        }
    }

    private void place(List<Assignment> assignments, ActorRef<SchedulerMessage> self, Instant now) {
        long number = rounds.open(assignments, now.plus(settings.placeTimeout()));
        Map<String, Map<String, Instance.Place>> byApp = new HashMap<>();
        for (Assignment a : assignments) {
            Spot spot = a.candidate().spot();
            Instance.Place place = new Instance.Place(
                    a.candidate().agent().value(),
                    spot.host(),
                    a.ports(),
                    spot.attributes(),
                    now,
                    Optional.of(a.taken()).filter(taken -> !taken.isPlain()));
            byApp.computeIfAbsent(a.group(), id -> new HashMap<>()).put(a.taskId(), place);
            offers.remove(a.candidate().offer());
        }
        byApp.forEach((appId, places) -> owners.place(appId, number, places, self));
    }

    private void preempt(Preemptor.Order order, Instant now) {
        String host = order.slot().host();
        Map<String, List<String>> byOwner = new LinkedHashMap<>();
        order.slot().victims().forEach(victim -> byOwner.computeIfAbsent(victim.group(), group -> new ArrayList<>())
                .add(victim.taskId()));
        byOwner.forEach((owner, tasks) -> owners.preempt(owner, tasks, order.group()));
        log.info("services.preempted forApp={} host={} tasks={}", order.group(), host, byOwner);
        String made = "room on " + host + " is made: ended for it are instances of " + byOwner.keySet();
        queue.note(order.group(), made, now);
        String ended = "instances on " + host + " were ended for " + order.group();
        byOwner.keySet().forEach(owner -> queue.note(owner, ended, now));
    }

    /** The offers nobody needs; they are given up. */
    List<OfferId> unused() {
        return offers.drain();
    }
}
