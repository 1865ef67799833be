package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Deadline;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.tracing.SpanIds;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What protocols have in common whose requests and answers are whole messages, with a context beside them. */
final class Messages {
    private Messages() {}

    /** As routing looks at one; {@code method} is empty where there is none. */
    record Head(Context context, String method) implements RequestHead {
        @Override
        public String target() {
            return "";
        }

        @Override
        public void retarget(String target) {
            throw new IllegalStateException("no target to change to " + target);
        }

        @Override
        public String version() {
            return "";
        }

        @Override
        public @Nullable String header(CharSequence name) {
            return null;
        }

        @Override
        public String localDtab() {
            return context.delegations().isEmpty()
                    ? ""
                    : context.delegations().stream()
                            .map(line -> line.prefix() + " => " + line.tree())
                            .collect(Collectors.joining(";"));
        }

        @Override
        public String destination() {
            return context.destination();
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // the caller's array; nobody compares these
    private record Same(byte[] next, Context context) implements Outgoing<byte[]> {
        @Override
        public boolean isRepeatable() {
            return true;
        }
    }

    /**
     * The same message; in its context a span of its own, the deadline of this router if it is the earlier one, and what the bound name left
     * before the destination. Delegations and what nobody here knows are passed on. Source: linkerd/linkerd MuxBindingFactory.
     */
    static Outgoing<byte[]> outgoing(byte[] request, Context context, Routing.To to, @Nullable RequestTrace trace) {
        Context out = context.withTrace(trace == null ? child(context.traceOrNull()) : MessageTraces.id(trace.ids()))
                .withRetries(-1);
        if (to.residual().length() > 1) {
            out = out.withDestination(
                    context.destination().length() > 1 ? to.residual() + context.destination() : to.residual());
        }
        if (to.service().policy().totalTimeout().isPresent()) {
            Deadline own =
                    Deadline.after(to.service().policy().totalTimeout().get().toNanos(), Deadline.now());
            Deadline before = context.deadlineOrNull();
            out = out.withDeadline(before == null ? own : own.combined(before));
        }
        return new Same(request, out);
    }

    private static TraceId child(@Nullable TraceId parent) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return parent == null ? TraceId.root(random) : parent.child(random);
    }

    /** The same message, sent by the span {@code sender}. */
    static Outgoing<byte[]> sent(Outgoing<byte[]> outgoing, SpanIds sender) {
        return new Same(outgoing.next(), outgoing.context().withTrace(MessageTraces.id(sender)));
    }

    static Reply<byte[]> error(ErrorAnswer error) {
        return Reply.failed(error.nack() ? Failure.rejected(error.reason()) : new Failure(error.reason(), 0));
    }

    /** What would be safe to repeat is not so any more: it has been repeated here as often as the budget allows. */
    static Reply<byte[]> failed(Throwable failure) {
        return Reply.failed(
                failure instanceof Failure known && known.is(Failure.RETRYABLE)
                        ? known.flagged((known.flags() & ~Failure.RETRYABLE) | Failure.NON_RETRYABLE)
                        : failure);
    }
}
