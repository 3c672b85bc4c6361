using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MailPlus.Engine.Database;

/// <summary>
/// Tells the other processes on a database that something changed, and hears of them (LISTEN, NOTIFY). A notice is only a hint to look: one is told after the commit, on
/// a connection of its own, because a NOTIFY inside a transaction would make all commits wait for each other; those of a moment go together. What was told while
/// nobody listened is made up for by looking at everything once a connection is there again.
/// </summary>
internal sealed partial class PostgresNotices(PostgresServer server, TimeProvider clock, ILogger log)
{
    private const string ChannelName = "mailplus";
    private const int LongestPayload = 7000; // The server takes 8,000 octets.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly string _me = Guid.NewGuid().ToString("N")[..12];
    private readonly Lock _gate = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private HashSet<string> _waiting = new(StringComparer.Ordinal);
    private ImmutableArray<Action<string>> _listeners = [];

    /// <summary>Stands for everything: a listener cannot know what it has missed.</summary>
    public const string Everything = "*";

    /// <summary>Hears what other processes tell, or <see cref="Everything"/>; returns at once.</summary>
    public void OnNotice(Action<string> heard) => ImmutableInterlocked.Update(ref _listeners, list => list.Add(heard));

    /// <summary>Tells the others soon. A word without spaces.</summary>
    public void Tell(string what)
    {
        lock (_gate)
        {
            _waiting.Add(what);
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>Tells and hears until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(KeepAsync(TellAsync, cancellationToken), KeepAsync(HearAsync, cancellationToken));

    private async Task KeepAsync(Func<NpgsqlConnection, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await using var connection = await server.ConnectAsync(cancellationToken);
                await work(connection, cancellationToken);
            }
            catch (Exception failure) when (failure is NpgsqlException or IOException or TimeoutException)
            {
                LogAway(failure.Message); // The pause matters: with several hosts none of which is primary an error comes back at once.
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }
    }

    private async Task TellAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        while (await _signal.Reader.ReadAsync(cancellationToken))
        {
            HashSet<string> taken;
            lock (_gate)
            {
                (taken, _waiting) = (_waiting, new HashSet<string>(StringComparer.Ordinal));
            }

            foreach (var payload in Payloads(taken))
            {
                await using var command = new NpgsqlCommand($"SELECT pg_notify('{ChannelName}', $1)", connection);
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = payload });
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }

    private IEnumerable<string> Payloads(HashSet<string> words)
    {
        var payload = _me;
        foreach (var word in words)
        {
            if (payload.Length + word.Length >= LongestPayload)
            {
                yield return payload;
                payload = _me;
            }

            payload += " " + word;
        }

        yield return payload;
    }

    private async Task HearAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        connection.Notification += (_, notice) =>
        {
            var words = notice.Payload.Split(' ');
            if (words[0] != _me)
            {
                foreach (var word in words.Skip(1))
                {
                    Hear(word);
                }
            }
        };
        await using (var command = new NpgsqlCommand($"LISTEN {ChannelName}", connection))
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        Hear(Everything);
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    private void Hear(string word)
    {
        foreach (var listener in _listeners)
        {
            listener(word);
        }
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "No notices between the processes for the moment: {Reason}")]
    private partial void LogAway(string reason);
}
