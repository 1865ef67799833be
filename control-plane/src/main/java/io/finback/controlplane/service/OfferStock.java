package io.finback.controlplane.service;

import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.placement.Candidate;
import io.finback.controlplane.placement.Spot;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.Home;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** The offers a scheduler has and has not used. Confined to its actor. */
final class OfferStock {
    private final Duration ahead;
    private final Supplier<DrainBook> drains;
    private final Map<OfferId, Offer> offers = new LinkedHashMap<>();

    /** {@code ahead}: a machine that goes into maintenance within this gets nothing any more, nor does one of {@code drains}. */
    OfferStock(Duration ahead, Supplier<DrainBook> drains) {
        this.ahead = ahead;
        this.drains = drains;
    }

    void add(List<Offer> made) {
        made.forEach(offer -> offers.put(offer.id(), offer));
    }

    void remove(OfferId offer) {
        offers.remove(offer);
    }

    Optional<Offer> get(OfferId offer) {
        return Optional.ofNullable(offers.get(offer));
    }

    boolean isEmpty() {
        return offers.isEmpty();
    }

    /** Removes and returns all. */
    List<OfferId> drain() {
        List<OfferId> all = List.copyOf(offers.keySet());
        offers.clear();
        return all;
    }

    /** {@code heldFor}: the only app that may use an agent. */
    List<Candidate> candidates(Instant now, Function<AgentId, Optional<String>> heldFor) {
        return offers.values().stream()
                .map(offer -> candidate(offer, now, heldFor.apply(offer.agent())))
                .toList();
    }

    private Candidate candidate(Offer offer, Instant now, Optional<String> heldFor) {
        Map<String, String> attributes = new HashMap<>(offer.attributes());
        offer.domain().ifPresent(domain -> {
            attributes.put(Spot.REGION, domain.region());
            attributes.put(Spot.ZONE, domain.zone());
        });
        boolean leaving = offer.unavailability()
                .filter(gap -> !now.isBefore(gap.start().minus(ahead)))
                .filter(gap -> gap.duration()
                        .map(length -> now.isBefore(gap.start().plus(length)))
                        .orElse(true))
                .isPresent();
        boolean drained = drains.get().hosts().containsKey(offer.hostname());
        return new Candidate(
                offer.id(),
                offer.agent(),
                new Spot(offer.hostname(), attributes),
                offer.role(),
                offer.resources().filter(kind -> !Home.isPart(kind)),
                leaving || drained,
                heldFor);
    }
}
