package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Why a role is offered nothing, or how far it is offered something; for a person to read and for a program to sort. Immutable, and bounded however
 * large the pool is.
 *
 * @param role as it was asked
 * @param general what is true of the role whoever sits in it
 * @param frameworks one entry per framework in the role; the first {@value #MAX_FRAMEWORKS} by fair order
 * @param moreFrameworks how many were left out
 */
public record Explanation(String role, List<Reason> general, List<OfFramework> frameworks, int moreFrameworks) {
    public static final int MAX_FRAMEWORKS = 20;
    public static final int MAX_EXAMPLES = 5;

    public Explanation {
        general = List.copyOf(general);
        frameworks = List.copyOf(frameworks);
    }

    /**
     * One framework in the role.
     *
     * @param offers outstanding offers it has in this role
     * @param reasons every agent counts to exactly one; the most frequent first
     */
    public record OfFramework(FrameworkId framework, int offers, List<Reason> reasons) {
        public OfFramework {
            reasons = List.copyOf(reasons);
        }
    }

    /**
     * One reason.
     *
     * @param text complete: names what is there, what is needed, and who has the rest
     * @param agents on how many agents it is the reason; 0: it is none of an agent
     * @param until when the first of them ends by itself; empty: it does not
     * @param examples some of the agents
     */
    public record Reason(Why why, String text, int agents, Optional<Instant> until, List<AgentId> examples) {
        public Reason {
            examples = List.copyOf(examples);
        }

        static Reason general(Why why, String text) {
            return new Reason(why, text, 0, Optional.empty(), List.of());
        }
    }

    /** What kind of reason, in the order in which an agent is looked at. */
    public enum Why {
        /** No framework in the role wants offers. */
        NOBODY_WANTS,
        /** The framework does not want offers in this role for now. */
        SUPPRESSED,
        /** The pool has no agent. */
        NO_AGENT,
        /** The role's quota, and how much of it is used. */
        QUOTA,
        /** The agent may not be offered: it does not answer, is drained, or is down. */
        CLOSED,
        /** Its tasks have it all. */
        ALLOCATED,
        /** It is offered to somebody, perhaps to this very framework. */
        OFFERED,
        /** The framework cannot deal with the agent: GPUs, or another region. */
        CAPABILITY,
        /** What is free is reserved to others, or of a kind the framework cannot deal with. */
        NOT_FOR_THIS_ROLE,
        /** Less is free than is worth an offer. */
        TOO_LITTLE,
        /** The role is at its limit. */
        OVER_LIMIT,
        /** What is free is kept for what other roles are guaranteed. */
        GUARANTEED_TO_OTHERS,
        /** The framework's offer constraints exclude the agent. */
        CONSTRAINTS,
        /** The framework has refused as much of this agent. */
        FILTERED,
        /** Nothing is in the way: the next pass offers it, to this framework or to a needier one. */
        NEXT
    }
}
