package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.OfferConstraints.Group;
import io.finback.resources.FrameworkId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Which frameworks want offers, and in which roles: gives them their seats and takes them away. */
final class Enrolment {
    private final Board board;
    private final Offers offers;

    Enrolment(Board board, Offers offers) {
        this.board = board;
        this.offers = offers;
    }

    /** Returns the offers that end because the framework gave up their role. */
    List<Offered> join(FrameworkId framework, ClientSpec spec) {
        Client client = board.client(framework);
        if (client.isJoined() && client.spec().equals(spec)) {
            return List.of();
        }
        boolean canMore = !client.isJoined() || !client.spec().capabilities().equals(spec.capabilities());
        client.join(spec);
        for (String role : spec.roles()) {
            Seat seat = board.seat(client, role);
            boolean isChanged = setFitness(seat, spec.constraints().byRole().get(role));
            isChanged |= setMinimum(seat, spec.minimums().get(role));
            if (client.wants(role)) {
                boolean isBack = !seat.stands;
                board.tree.activate(seat);
                if (isBack || isChanged || canMore) {
                    board.tree.rouse(seat);
                }
            } else {
                board.tree.deactivate(seat);
            }
        }
        return dropUnwanted(client);
    }

    /** Returns the offers that end. */
    List<Offered> leave(FrameworkId framework) {
        Client client = board.clients.get(framework);
        if (client == null) {
            return List.of();
        }
        client.leave();
        return dropUnwanted(client);
    }

    void revive(FrameworkId framework, Set<String> roles) {
        Client client = board.clients.get(framework);
        if (client != null) {
            for (Seat seat : client.seats.values()) {
                if (roles.isEmpty() || roles.contains(seat.role.name)) {
                    board.filters.forget(seat);
                    board.tree.rouse(seat);
                }
            }
        }
    }

    /** Ends what the client has in roles it is not in any more. */
    private List<Offered> dropUnwanted(Client client) {
        List<Offered> ended = new ArrayList<>();
        for (Seat seat : List.copyOf(client.seats.values())) {
            if (client.isJoined() && client.spec().roles().contains(seat.role.name)) {
                continue;
            }
            board.tree.deactivate(seat);
            board.filters.forget(seat);
            ended.addAll(offers.removeAll(
                    client.offers.stream().filter(live -> live.seat() == seat).toList()));
            board.prune(seat);
        }
        return ended;
    }

    private boolean setFitness(Seat seat, @Nullable List<Group> constraints) {
        Fitness before = seat.fitness;
        if (constraints == null) {
            board.fitness.release(before);
            seat.fitness = null;
        } else {
            seat.fitness = board.fitness.exchange(before, constraints);
        }
        return seat.fitness != before;
    }

    private boolean setMinimum(Seat seat, @Nullable List<SortedMap<String, Long>> amounts) {
        if (amounts == null ? seat.minimum == null : seat.minimum != null && seat.minimum.isOf(amounts)) {
            return false;
        }
        board.setMinimum(seat, amounts == null ? null : new Minimum(amounts, board.names));
        return true;
    }
}
