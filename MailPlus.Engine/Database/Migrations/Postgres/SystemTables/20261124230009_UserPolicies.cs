using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace MailPlus.Engine.Database.Migrations.Postgres.SystemTables
{
    /// <inheritdoc />
    public partial class UserPolicies : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "AttachmentMegabytes",
                table: "domains",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DailyMegabytes",
                table: "domains",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DailyMessages",
                table: "domains",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "ForbidsForwarding",
                table: "domains",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateTable(
                name: "user_policies",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    Name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    NameKey = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    Color = table.Column<int>(type: "integer", nullable: false),
                    Position = table.Column<int>(type: "integer", nullable: false),
                    Forwarding = table.Column<int>(type: "integer", nullable: false),
                    Messages = table.Column<int>(type: "integer", nullable: false),
                    MessagesValue = table.Column<long>(type: "bigint", nullable: false),
                    Traffic = table.Column<int>(type: "integer", nullable: false),
                    TrafficValue = table.Column<long>(type: "bigint", nullable: false),
                    Attachment = table.Column<int>(type: "integer", nullable: false),
                    AttachmentValue = table.Column<long>(type: "bigint", nullable: false),
                    InternalOnly = table.Column<bool>(type: "boolean", nullable: false),
                    Imap = table.Column<bool>(type: "boolean", nullable: false),
                    ImapLocalOnly = table.Column<bool>(type: "boolean", nullable: false),
                    Pop3 = table.Column<bool>(type: "boolean", nullable: false),
                    Pop3LocalOnly = table.Column<bool>(type: "boolean", nullable: false),
                    Search = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_policies", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "user_policy_targets",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    PolicyId = table.Column<long>(type: "bigint", nullable: false),
                    AccountId = table.Column<long>(type: "bigint", nullable: true),
                    GroupId = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_policy_targets", x => x.Id);
                    table.ForeignKey(
                        name: "FK_user_policy_targets_accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_user_policy_targets_groups_GroupId",
                        column: x => x.GroupId,
                        principalTable: "groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_user_policy_targets_user_policies_PolicyId",
                        column: x => x.PolicyId,
                        principalTable: "user_policies",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_user_policies_NameKey",
                table: "user_policies",
                column: "NameKey",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_user_policy_targets_AccountId",
                table: "user_policy_targets",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_user_policy_targets_GroupId",
                table: "user_policy_targets",
                column: "GroupId");

            migrationBuilder.CreateIndex(
                name: "IX_user_policy_targets_PolicyId",
                table: "user_policy_targets",
                column: "PolicyId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "user_policy_targets");

            migrationBuilder.DropTable(
                name: "user_policies");

            migrationBuilder.DropColumn(
                name: "AttachmentMegabytes",
                table: "domains");

            migrationBuilder.DropColumn(
                name: "DailyMegabytes",
                table: "domains");

            migrationBuilder.DropColumn(
                name: "DailyMessages",
                table: "domains");

            migrationBuilder.DropColumn(
                name: "ForbidsForwarding",
                table: "domains");
        }
    }
}
