package io.finback.meshrouter.rpc.http1;

import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Status;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2Message;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that are given back when the body of their answer has been read or given up, not with its head: their connection carries nothing else
 * before. Source: twitter/finagle {@code http/DelayedRelease.scala}.
 */
record HeldSessions(ServiceFactory<H2Message, H2Message> next) implements ServiceFactory<H2Message, H2Message> {
    @Override
    public Reply<Service<H2Message, H2Message>> acquire(Context context) {
        return next.acquire(context).map(Held::new);
    }

    @Override
    public Status status() {
        return next.status();
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        return next.close(grace);
    }

    private static final class Held implements Service<H2Message, H2Message> {
        private final Service<H2Message, H2Message> session;
        private int underWay;
        private boolean closing;

        Held(Service<H2Message, H2Message> session) {
            this.session = session;
        }

        @Override
        public CompletionStage<H2Message> apply(H2Message request, Context context) {
            synchronized (this) {
                underWay++;
            }
            return session.call(request, context).transform((answer, failure) -> {
                if (failure != null) {
                    ended();
                    return Reply.failed(failure);
                }
                if (answer.body().isEmpty()) {
                    ended();
                    return Reply.of(answer);
                }
                return Reply.of(new H2Message(answer.headers(), new Watched(answer.body())));
            });
        }

        private void ended() {
            boolean closes;
            synchronized (this) {
                underWay--;
                closes = closing && underWay == 0;
            }
            if (closes) {
                var unused = session.close(Duration.ZERO);
            }
        }

        @Override
        public Status status() {
            return session.status();
        }

        @Override
        public CompletionStage<@Nullable Void> close(Duration grace) {
            boolean closes;
            synchronized (this) {
                closes = !closing && underWay == 0;
                closing = true;
            }
            if (closes) {
                return session.close(grace);
            }
            return Reply.of(null);
        }

        private final class Watched implements Body {
            private final Body body;
            private boolean over;

            Watched(Body body) {
                this.body = body;
            }

            private void over() {
                synchronized (Held.this) {
                    if (over) {
                        return;
                    }
                    over = true;
                }
                ended();
            }

            @Override
            public Reply<Piece> next() {
                return body.next().tapped((piece, failure) -> {
                    if (failure != null || piece.last()) {
                        over();
                    }
                });
            }

            @Override
            public void cancel(Throwable why) {
                body.cancel(why);
                over();
            }

            @Override
            public void onGivenUp(Consumer<Failure> then) {
                body.onGivenUp(then);
            }
        }
    }
}
