package io.finback.controlplane.service;

import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.placement.Candidate;
import io.finback.controlplane.placement.Spot;
import io.finback.resources.OfferId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The offers a scheduler has and has not used. Confined to its actor. */
final class OfferStock {
    private final Duration ahead;
    private final Map<OfferId, Offer> offers = new LinkedHashMap<>();

    /** {@code ahead}: a machine that goes into maintenance within this gets nothing any more. */
    OfferStock(Duration ahead) {
        this.ahead = ahead;
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

    List<Candidate> candidates(Instant now) {
        return offers.values().stream().map(offer -> candidate(offer, now)).toList();
    }

    private Candidate candidate(Offer offer, Instant now) {
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
        return new Candidate(
                offer.id(),
                offer.agent(),
                new Spot(offer.hostname(), attributes),
                offer.role(),
                offer.resources(),
                leaving);
    }
}
