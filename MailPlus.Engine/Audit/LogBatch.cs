using System.Data.Common;
using System.Globalization;
using System.Text;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace MailPlus.Engine.Audit;

/// <summary>A step in an outbox.</summary>
/// <param name="Outbox">Its name.</param>
/// <param name="From">The place before, 0 for the first step.</param>
/// <param name="To">The place after.</param>
internal sealed record PlaceStep(string Outbox, long From, long To);

/// <summary>Stores a batch of events as log rows and counts in one transaction. Hand-written SQL: every message passes here.</summary>
internal static class LogBatch
{
    private const int LongestText = 1000;

    private const string InsertMail = """
        INSERT INTO mail_log ("Time", "Kind", "Entry", "Sender", "Recipient", "Subject", "MessageId", "Size", "Client", "Origin", "Reply", "NextHop", "Protection", "SearchKey")
        VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13)
        """;

    private const string InsertAdmin = """
        INSERT INTO admin_log ("Time", "Actor", "Action", "Target", "Detail", "Client", "SearchKey") VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6)
        """;

    private const string AddTraffic = """
        INSERT INTO traffic ("Hour", "Received", "Sent", "Delivered", "Rejected", "Deferred", "Failed", "Octets") VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7)
        ON CONFLICT ("Hour") DO UPDATE SET "Received" = traffic."Received" + excluded."Received", "Sent" = traffic."Sent" + excluded."Sent",
        "Delivered" = traffic."Delivered" + excluded."Delivered", "Rejected" = traffic."Rejected" + excluded."Rejected",
        "Deferred" = traffic."Deferred" + excluded."Deferred", "Failed" = traffic."Failed" + excluded."Failed", "Octets" = traffic."Octets" + excluded."Octets"
        """;

    private const string SetPlace = """
        INSERT INTO places ("Outbox", "LastId") VALUES (@p0, @p1) ON CONFLICT ("Outbox") DO UPDATE SET "LastId" = excluded."LastId" WHERE places."LastId" = @p2
        """;

    /// <param name="database">The logs.</param>
    /// <param name="events">The events.</param>
    /// <param name="step">From which place in which outbox they were read, and the place after; null when they are from none.</param>
    /// <param name="cancellationToken">Ends the storing.</param>
    /// <returns>False when another process has stored them meanwhile: nothing was stored.</returns>
    internal static Task<bool> StoreAsync(LogDatabase database, IReadOnlyList<MailEvent> events, PlaceStep? step, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            await using var context = database.Open();
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            var connection = context.Database.GetDbConnection();
            if (step is not null)
            {
                // First, for its lock: of two that have read the same events one stores them.
                await using var places = Prepare(connection, transaction, SetPlace, 3);
                if (await RunAsync(places, [step.Outbox, step.To, step.From], cancellationToken) == 0)
                {
                    return false;
                }
            }

            await using var mail = Prepare(connection, transaction, InsertMail, 14);
            await using var admin = Prepare(connection, transaction, InsertAdmin, 7);
            var traffic = new SortedDictionary<long, TrafficRow>();
            foreach (var happened in events)
            {
                if (happened is AdminActed act)
                {
                    await RunAsync(admin, Values(act), cancellationToken);
                }
                else if (MailLogEntries.Of(happened) is { } row)
                {
                    await RunAsync(mail, Values(row), cancellationToken);
                    MailLogEntries.Count(traffic, row);
                }
            }

            await using var counts = Prepare(connection, transaction, AddTraffic, 8);
            foreach (var hour in traffic.Values)
            {
                await RunAsync(counts, [hour.Hour, hour.Received, hour.Sent, hour.Delivered, hour.Rejected, hour.Deferred, hour.Failed, hour.Octets], cancellationToken);
            }

            await transaction.CommitAsync(CancellationToken.None);
            return true;
        },
        cancellationToken);

    private static DbCommand Prepare(DbConnection connection, IDbContextTransaction transaction, string sql, int parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction.GetDbTransaction();
        for (var i = 0; i < parameters; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{i}");
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static Task<int> RunAsync(DbCommand command, object?[] values, CancellationToken cancellationToken)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static object?[] Values(MailLogEntryRow row) =>
        [row.Time, row.Kind, row.Entry, row.Sender, Cut(row.Recipient), Cut(row.Subject), Cut(row.MessageId), row.Size, row.Client, row.Origin, Cut(row.Reply), Cut(row.NextHop), row.Protection,
         Key(row.Sender, row.Recipient, row.Subject, row.MessageId, row.Reply, row.Client)];

    private static object?[] Values(AdminActed act) =>
        [act.Time.Microseconds, Cut(act.Actor), act.Action, Cut(act.Target), act.Detail, act.Client?.ToString() ?? "", Key(act.Actor, act.Action, act.Target, act.Detail)];

    private static string Cut(string text) => text.Length <= LongestText ? text : text[..LongestText];

    private static string Key(params ReadOnlySpan<string> texts)
    {
        var key = new StringBuilder();
        foreach (var text in texts)
        {
            key.Append(Cut(text)).Append('\n');
        }

        return key.ToString().ToLowerInvariant();
    }
}
