package ingest

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	nsq "github.com/nsqio/go-nsq"
	"github.com/nsqio/nsq/nsqd"
)

// One topic and one channel carry all stores' frames.
const (
	queueTopic   = "frames"
	queueChannel = "appliers"
	// queueInFlight is how many messages the consumer may hold.
	queueInFlight = 16
)

// queue is nsqd in this process and the one consumer of its topic. It owns nsqd's goroutines
// and its listener on a free loopback port, which go-nsq needs: it can dial TCP only.
type queue struct {
	d        *nsqd.NSQD
	topic    *nsqd.Topic
	consumer *nsq.Consumer
	main     chan error // nsqd.Main's answer
}

// startQueue wipes dir and starts nsqd and the consumer there. handle gets each message's id
// and body, one at a time; the body is its own.
func startQueue(dir string, log *slog.Logger, handle func(id nsqd.MessageID, body []byte)) (*queue, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	d, err := nsqd.New(queueOptions(dir, log))
	if err != nil {
		return nil, err
	}
	q := &queue{d: d, topic: d.GetTopic(queueTopic), main: make(chan error, 1)}
	// The channel must exist before the first message: a topic without one keeps them.
	q.topic.GetChannel(queueChannel)
	go func() { q.main <- d.Main() }()
	if err := q.consume(log, handle); err != nil {
		q.stop()
		return nil, err
	}
	return q, nil
}

func queueOptions(dir string, log *slog.Logger) *nsqd.Options {
	o := nsqd.NewOptions()
	o.TCPAddress, o.HTTPAddress, o.HTTPSAddress = "127.0.0.1:0", "", ""
	o.BroadcastAddress = "127.0.0.1"
	o.DataPath = dir
	o.Logger, o.LogLevel = queueLog{log}, nsqd.LOG_INFO
	// All outstanding messages stay in memory: the disk copy is the journal.
	o.MemQueueSize = maxOutstanding
	return o
}

func (q *queue) consume(log *slog.Logger, handle func(nsqd.MessageID, []byte)) error {
	c := nsq.NewConfig()
	c.MaxAttempts = 0 // the default of 5 drops messages
	c.MaxInFlight = queueInFlight
	// nsqd holds messages back for 250 ms by default; -1 and 0 switch that off.
	c.OutputBufferSize, c.OutputBufferTimeout = -1, 0
	c.LookupdPollInterval = time.Second // how soon a lost connection is made anew
	consumer, err := nsq.NewConsumer(queueTopic, queueChannel, c)
	if err != nil {
		return fmt.Errorf("new consumer: %w", err)
	}
	consumer.SetLogger(queueLog{log}, nsq.LogLevelInfo)
	consumer.AddHandler(nsq.HandlerFunc(func(m *nsq.Message) error {
		handle(nsqd.MessageID(m.ID), m.Body)
		return nil
	}))
	q.consumer = consumer
	if err := consumer.ConnectToNSQD(q.d.RealTCPAddr().String()); err != nil {
		return fmt.Errorf("connect to nsqd: %w", err)
	}
	return nil
}

// put queues a message; body belongs to the queue from now on.
func (q *queue) put(id nsqd.MessageID, body []byte) error {
	return q.topic.PutMessage(nsqd.NewMessage(id, body))
}

// stop ends the consumer and then nsqd, and waits for both.
func (q *queue) stop() {
	if q.consumer != nil {
		q.consumer.Stop()
		<-q.consumer.StopChan
	}
	q.d.Exit()
	<-q.main
}

// queueLog passes the log lines of nsqd and go-nsq on at debug level: what matters of them
// shows as lag.
type queueLog struct{ log *slog.Logger }

func (l queueLog) Output(_ int, line string) error {
	l.log.Debug(strings.TrimSpace(line), "component", "nsq")
	return nil
}
