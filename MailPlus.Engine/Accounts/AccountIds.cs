using System.Globalization;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts;

/// <summary>Numbers of accounts, reserved durably before use and never given twice, and deletions that outlive a crash.</summary>
internal static class AccountIds
{
    private const string LastId = "accounts.last-id";
    private const string Deletion = "accounts.delete.";

    internal static Task<AccountId> ReserveAsync(SystemDatabase database, CancellationToken cancellationToken) => database.WriteAsync(
        async context =>
        {
            var state = await context.States.FirstOrDefaultAsync(row => row.Name == LastId, cancellationToken);
            if (state is null)
            {
                state = new StateRow { Name = LastId, Value = "0" };
                context.States.Add(state);
            }

            var next = long.Parse(state.Value, CultureInfo.InvariantCulture) + 1;
            state.Value = next.ToString(CultureInfo.InvariantCulture);
            return new AccountId(next);
        },
        cancellationToken);

    /// <summary>Notes, in the transaction that removes an account, that its mail is to go.</summary>
    internal static void AddDeletion(SystemContext context, AccountId account) => context.States.Add(new StateRow { Name = $"{Deletion}{account}", Value = "1" });

    /// <summary>Removes the mail of accounts that are gone; run after each deletion and at start.</summary>
    internal static async Task FinishDeletionsAsync(SystemDatabase database, AccountMail mail, CancellationToken cancellationToken)
    {
        var names = await database.ReadAsync(
            context => context.States.Where(row => row.Name.StartsWith(Deletion)).Select(row => row.Name).ToListAsync(cancellationToken), cancellationToken);
        foreach (var name in names)
        {
            await mail.DeleteAsync(new AccountId(long.Parse(name.AsSpan(Deletion.Length), NumberStyles.None, CultureInfo.InvariantCulture)), cancellationToken);
            await database.WriteAsync(context => context.States.Where(row => row.Name == name).ExecuteDeleteAsync(cancellationToken), cancellationToken);
        }
    }
}
