package io.finback.controlplane.allocation;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.resources.AgentId;
import io.finback.resources.FaultDomain;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.wire.WireMessage;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the allocator tells a framework. {@code epoch} names the allocator's incarnation: offers of another one are void. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = AllocationEvent.Welcome.class, name = "welcome"),
    @JsonSubTypes.Type(value = AllocationEvent.OffersMade.class, name = "offers_made"),
    @JsonSubTypes.Type(value = AllocationEvent.OffersWithdrawn.class, name = "offers_withdrawn"),
    @JsonSubTypes.Type(value = AllocationEvent.InverseMade.class, name = "inverse_made"),
    @JsonSubTypes.Type(value = AllocationEvent.InverseWithdrawn.class, name = "inverse_withdrawn"),
    @JsonSubTypes.Type(value = AllocationEvent.ClaimAnswered.class, name = "claim_answered"),
    @JsonSubTypes.Type(value = AllocationEvent.Released.class, name = "released")
})
public sealed interface AllocationEvent extends WireMessage {
    /** Calls the one method of {@code handler} that is for this event. */
    void deliver(Handler handler);

    /** One method per event. */
    interface Handler {
        void welcome(Welcome event);

        void offersMade(OffersMade event);

        void offersWithdrawn(OffersWithdrawn event);

        void inverseMade(InverseMade event);

        void inverseWithdrawn(InverseWithdrawn event);

        void claimAnswered(ClaimAnswered event);

        void released(Released event);
    }

    record Welcome(long epoch) implements AllocationEvent {
        @Override
        public void deliver(Handler handler) {
            handler.welcome(this);
        }
    }

    record OffersMade(long epoch, List<Made> offers) implements AllocationEvent {
        public OffersMade {
            offers = List.copyOf(offers);
        }

        @Override
        public void deliver(Handler handler) {
            handler.offersMade(this);
        }
    }

    record Made(
            OfferId id,
            AgentId agent,
            String hostname,
            Resources resources,
            Map<String, String> attributes,
            String role,
            int httpPort,
            Optional<FaultDomain> domain,
            Optional<MaintenanceSchedule.Unavailability> unavailability) {
        public Made {
            attributes = Map.copyOf(attributes);
        }
    }

    /** Expired, or their agent is gone or has changed. */
    record OffersWithdrawn(long epoch, List<OfferId> offers) implements AllocationEvent {
        public OffersWithdrawn {
            offers = List.copyOf(offers);
        }

        @Override
        public void deliver(Handler handler) {
            handler.offersWithdrawn(this);
        }
    }

    /** These agents shall be left; answered by {@link AllocatorMessage.AnswerInverse}. */
    record InverseMade(long epoch, List<Inverse> offers) implements AllocationEvent {
        public InverseMade {
            offers = List.copyOf(offers);
        }

        @Override
        public void deliver(Handler handler) {
            handler.inverseMade(this);
        }
    }

    record Inverse(OfferId id, AgentId agent, MaintenanceSchedule.Unavailability unavailability) {}

    /** These no longer matter. */
    record InverseWithdrawn(long epoch, List<OfferId> offers) implements AllocationEvent {
        public InverseWithdrawn {
            offers = List.copyOf(offers);
        }

        @Override
        public void deliver(Handler handler) {
            handler.inverseWithdrawn(this);
        }
    }

    /**
     * Journaled: the granted tasks hold their resources until {@link AllocatorMessage.Release}, the applied changes are made. Every task
     * and every change of the claim is in exactly one of the lists.
     *
     * @param claim {@link AllocatorMessage.Claim#number}
     */
    record ClaimAnswered(
            long claim,
            AgentId agent,
            List<TaskId> granted,
            List<RefusedTask> refused,
            List<String> applied,
            List<RefusedChange> failed)
            implements AllocationEvent {
        public ClaimAnswered {
            granted = List.copyOf(granted);
            refused = List.copyOf(refused);
            applied = List.copyOf(applied);
            failed = List.copyOf(failed);
        }

        @Override
        public void deliver(Handler handler) {
            handler.claimAnswered(this);
        }
    }

    /** Why a task got nothing, or a change was not made. */
    enum Refusal {
        /** The offers do not stand (any more), are not the framework's, not on this agent, or not of one role. */
        INVALID_OFFERS,
        /** The agent is gone for good. */
        AGENT_REMOVED,
        /** The agent is unreachable. */
        AGENT_DISCONNECTED,
        /** The offers stand and hold less than is wanted, or it makes no sense. */
        INVALID
    }

    /** One task that got nothing. */
    record RefusedTask(TaskId task, Refusal why, String message) {}

    /** One change, by its id, that was not made. */
    record RefusedChange(String operation, Refusal why, String message) {}

    record Released(List<TaskId> tasks) implements AllocationEvent {
        public Released {
            tasks = List.copyOf(tasks);
        }

        @Override
        public void deliver(Handler handler) {
            handler.released(this);
        }
    }
}
