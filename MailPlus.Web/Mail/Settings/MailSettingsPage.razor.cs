using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Mail.Settings;

/// <summary>What a user sets for the webmail: name and signature, pictures, look (WEB-099 to WEB-107 in a first form).</summary>
public sealed partial class MailSettingsPage
{
    private Actor? _actor;
    private List<string> _senders = [];
    private string _shownName = "";
    private string _name = "";
    private string _address = "";
    private string _signature = "";
    private bool _always;
    private bool _dark;
    private bool _saved;

    [Inject]
    private IAddressBook Book { get; set; } = default!;

    [Inject]
    private AccountOperations Accounts { get; set; } = default!;

    [Inject]
    private MailboxAccess Access { get; set; } = default!;

    [Inject]
    private PreferenceFile Preferences { get; set; } = default!;

    /// <inheritdoc/>
    protected override Task LoadAsync() => TryAsync(async actor =>
    {
        Access.RequireOn();
        var account = Book.Find(actor.Account!.Value) ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "SessionEnded"));
        var own = await Preferences.ReadAsync(actor, Gone);
        _name = account.DisplayName;
        _shownName = account.DisplayName.Length > 0 ? account.DisplayName : account.Name;
        _address = account.PrimaryAddress.ToDisplayString();
        _signature = own.Signature;
        _always = own.AlwaysShowImages;
        _dark = own.DarkMessages;
        _senders = [.. own.ImageSenders];
        _actor = actor;
    });

    private async Task SaveAsync()
    {
        _saved = await TryAsync(async actor =>
        {
            await Accounts.UpdateOwnAsync(actor, _name.Trim(), null, Gone);
            var signature = _signature.Trim();
            await Preferences.ChangeAsync(
                actor,
                own => own with { Signature = signature.Length > 4000 ? signature[..4000] : signature, AlwaysShowImages = _always, DarkMessages = _dark, ImageSenders = [.. _senders] },
                Gone);
            _shownName = _name.Trim().Length > 0 ? _name.Trim() : actor.Name;
        });
    }
}
