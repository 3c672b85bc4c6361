using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Domains;

/// <summary>One domain: general data, the DNS records to publish (SET-08 to SET-11), members (DOM-021), aliases (DOM-023), additional domains, roles and catch-all (DOM-030, DOM-031, DOM-050).</summary>
public sealed partial class DomainPage
{
    private MailDomain? _domain;
    private DomainMembers? _members;
    private DomainAliases? _aliases;
    private DomainBcc? _copies;
    private DomainDisclaimers? _disclaimers;
    private string _description = "";
    private bool _saved;
    private bool _adding;
    private bool _deleting;

    private sealed record DnsRecord(string Type, string Name, string? Value, string Priority = "", string? Hint = null, bool IsWords = false);

    /// <summary>The domain's id.</summary>
    [Parameter]
    public long Id { get; set; }

    [SupplyParameterFromQuery]
    private string? Tab { get; set; }

    [Inject]
    private DomainOperations Domains { get; set; } = default!;

    [Inject]
    private ISettingsSource Settings { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    private IReadOnlyList<DnsRecord> Records
    {
        get
        {
            var host = Settings.Current.Smtp.Hostname;
            var domain = _domain!.Name.Ascii;
            return
            [
                new("MX", domain, host, "0"),
                new("A / AAAA", host, null, Hint: "PublicAddress"),
                new("PTR", L["PublicAddressShort"], host, IsWords: true),
                new("TXT (SPF)", domain, "v=spf1 mx ~all"),
                new("TXT (DMARC)", $"_dmarc.{domain}", "v=DMARC1; p=none"),
            ];
        }
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        await base.OnParametersSetAsync();
        if (_domain is not null && _domain.Id.Value != Id)
        {
            await LoadAsync();
        }
    }

    /// <inheritdoc/>
    protected override Task LoadAsync() => TryAsync(async actor =>
    {
        _domain = await Domains.GetAsync(actor, new DomainId(Id), Gone);
        _description = _domain.Description;
        _saved = false;
    });

    private Task SaveAsync() => TryAsync(async actor =>
    {
        _domain = await Domains.UpdateAsync(actor, new DomainId(Id), new DomainChange { Description = _description.Trim() }, Gone);
        _description = _domain.Description;
        _saved = true;
    });

    private async Task MembersAddedAsync()
    {
        _adding = false;
        await _members!.ReloadAsync();
    }

    private async Task DeleteAsync()
    {
        if (await TryAsync(actor => Domains.RemoveAsync(actor, new DomainId(Id), Gone)))
        {
            Navigation.NavigateTo("/admin/domains");
        }
    }
}
