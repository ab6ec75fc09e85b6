"""Addresses of the staff pages, and of the portal where it is installed."""

from django.urls import include, path

from amends.web.access import views as access
from amends.web.account import second_factor, tokens
from amends.web.account import views as account
from amends.web.appearance import views as appearance
from amends.web.archive import views as archive
from amends.web.calls import groups as call_groups
from amends.web.calls import views as calls
from amends.web.case import acting
from amends.web.case import evidence as case_evidence
from amends.web.case import views as case
from amends.web.case import watching as case_watching
from amends.web.circulars import book
from amends.web.circulars import views as circulars
from amends.web.customers import views as customers
from amends.web.documents import views as documents
from amends.web.drafts import views as drafts
from amends.web.intake import caller, proposals
from amends.web.intake import done as intake_done
from amends.web.intake import slip as intake_slip
from amends.web.intake import views as intake
from amends.web.library import views as library
from amends.web.mail import views as mail
from amends.web.notices import views as notices
from amends.web.offline import views as offline
from amends.web.organisation import absences, changes, departments, mailboxes, partners, people, welcome
from amends.web.outlook import findings as outlook_findings
from amends.web.outlook import views as outlook
from amends.web.outlook import warnings as early_warnings
from amends.web.papers import views as papers
from amends.web.personal import views as personal
from amends.web.policies import moves, reader, steps, what_if
from amends.web.policies import views as policies
from amends.web.portal import entrance_pages
from amends.web.posts import views as posts
from amends.web.proceedings import acting as proceeding_acting
from amends.web.proceedings import board as proceeding_board
from amends.web.proceedings import expected as proceeding_expected
from amends.web.proceedings import inbox as proceedings_inbox
from amends.web.proceedings import ledger
from amends.web.proceedings import meetings as proceeding_meetings
from amends.web.proceedings import views as proceedings
from amends.web.promises import views as promises
from amends.web.queue import bulk, exports, saved
from amends.web.queue import views as queue
from amends.web.registers import views as registers
from amends.web.reports import analysis, experience, figures, journey, overview, scores, workload
from amends.web.reports import conformity as conformity_of_many
from amends.web.reports import views as reports
from amends.web.searching import search
from amends.web.sent import views as sent
from amends.web.sign_in import views as sign_in
from amends.web.sign_in.again import sign_in_again
from amends.web.surveys import asking as survey_asking
from amends.web.surveys import views as surveys
from amends.web.system import views as system
from amends.web.training import learning, performance
from amends.web.training import training as trainings
from amends.web.uploads import views as uploads
from amends.web.wordings import views as wordings
from amends.web.workbench import views as workbench

urlpatterns = [
    path("", workbench.page, name="workbench"),
    path("queue/", queue.page, name="queue"),
    path("queue/changes/", queue.changes, name="queue_changes"),
    path("queue/filters/", queue.filters, name="queue_filters"),
    path("queue/seen/", queue.seen, name="queue_seen"),
    path("queue/columns/", queue.columns, name="queue_columns"),
    path("queue/views/", saved.save, name="save_view"),
    path("queue/views/<int:pk>/drop/", saved.drop, name="drop_view"),
    path("queue/bulk/", bulk.page, name="bulk"),
    path("exports/", exports.page, name="export"),
    path("exports/<uuid:key>/", exports.download, name="export_file"),
    path("search/", search, name="search"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign_in_code"),
    path("sign-in/again/", sign_in_again, name="sign_in_again"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("language/", sign_in.set_language, name="set_language"),
    path("appearance/", appearance.set_appearance, name="set_appearance"),
    path("intake/", intake.page, name="intake"),
    path("intake/earlier/", caller.earlier, name="earlier"),
    path("intake/append/", caller.append, name="append"),
    path("intake/proposals/", proposals.proposals, name="proposals"),
    path("intake/done/<str:number>/", intake_done.done, name="intake_done"),
    path("intake/done/<str:number>/slip.pdf", intake_slip.slip, name="intake_slip"),
    path("posts/", posts.page, name="posts"),
    path("posts/new/<slug:desk>/", posts.record, name="record_post"),
    path("posts/<uuid:key>/hand-over/", posts.handing_over, name="hand_over_post"),
    path("posts/<uuid:key>/ignore/", posts.ignoring, name="ignore_post"),
    path("posts/<uuid:key>/files/<uuid:file_id>/", posts.screenshot, name="post_screenshot"),
    path("uploads/", uploads.upload, name="uploads"),
    path("offline/", offline.page, name="offline"),
    path("worker.js", offline.worker, name="worker"),
    path("drafts/", drafts.save, name="save_draft"),
    path("drafts/drop/", drafts.drop, name="drop_draft"),
    path("cases/<str:number>/", case.page, name="case"),
    path("cases/<str:number>/do/<slug:verb>/", acting.act, name="act"),
    path("cases/<str:number>/apply/<slug:template>/", proceeding_acting.apply, name="apply_template"),
    path("cases/<str:number>/begin/<slug:kind>/", proceeding_acting.begin_on_case, name="begin_on_case"),
    path("cases/<str:number>/reveal/", case.reveal, name="reveal"),
    path("cases/<str:number>/sent/", sent.of_case, name="sent_on_case"),
    path("cases/<str:number>/clocks/", case.clocks, name="clocks"),
    path("cases/<str:number>/customer/", customers.page, name="customer"),
    path("cases/<str:number>/presence/", case_watching.presence, name="presence"),
    path("cases/<str:number>/evidence/<uuid:file_id>/", case_evidence.download, name="evidence"),
    path("cases/<str:number>/evidence/<uuid:file_id>/look/", case_evidence.look, name="look"),
    path("cases/<str:number>/evidence/<uuid:file_id>/<int:page>.jpg", case_evidence.picture, name="picture"),
    path("cases/<str:number>/print/<slug:form_id>.pdf", papers.printed, {"way": "pdf"}, name="printed"),
    path("cases/<str:number>/print/<slug:form_id>.docx", papers.printed, {"way": "docx"}, name="printed_word"),
    path("cases/<str:number>/package/", archive.pack_case, name="pack_case"),
    path("archive/", archive.page, name="archive"),
    path("archive/search/", archive.search, name="archive_search"),
    path("archive/package/", archive.pack_month, name="pack_month"),
    path("archive/packages/", archive.packages, name="packages"),
    path("archive/packages/<uuid:package_id>/", archive.download, name="package"),
    path("promises/", promises.page, name="promises"),
    path("proceedings/", proceedings_inbox.page, name="proceedings"),
    path("proceedings/ledger/", ledger.page, name="ledger"),
    path("proceedings/ledger/export/", ledger.export, name="ledger_export"),
    path("library/<slug:desk>/", library.page, name="library"),
    path("library/<slug:desk>/<uuid:key>/", library.study, name="study"),
    path("proceedings/expected/<slug:desk>/<slug:kind>/", proceeding_expected.page, name="expected"),
    path("proceedings/board/", proceeding_board.board, name="improvement_board"),
    path("proceedings/<uuid:key>/invitation.ics", proceeding_meetings.invitation, name="invitation"),
    path("proceedings/new/<slug:desk>/<slug:kind>/", proceeding_acting.begin_on_desk, name="begin_on_desk"),
    path("proceedings/<uuid:key>/", proceedings.one, name="proceeding"),
    path("proceedings/<uuid:key>/beside/", proceedings_inbox.beside, name="proceeding_beside"),
    path("proceedings/<uuid:key>/do/<slug:verb>/", proceeding_acting.act, name="proceeding_act"),
    path("proceedings/<uuid:key>/begin/<slug:kind>/", proceeding_acting.begin_under, name="begin_under"),
    path("proceedings/<uuid:key>/print/<slug:form_id>.pdf", papers.printed_in, {"way": "pdf"}, name="paper_in"),
    path("proceedings/<uuid:key>/print/<slug:form_id>.docx", papers.printed_in, {"way": "docx"}, name="paper_in_word"),
    path("proceedings/<uuid:key>/files/<uuid:file_id>/", proceedings.file, name="proceeding_file"),
    path("registers/", registers.index, name="registers"),
    path("registers/<slug:desk>/<slug:kind>/", registers.one, name="register"),
    path("registers/<slug:desk>/<slug:kind>/print.pdf", registers.paper, {"way": "pdf"}, name="register_paper"),
    path("registers/<slug:desk>/<slug:kind>/print.docx", registers.paper, {"way": "docx"}, name="register_paper_word"),
    path("registers/<slug:desk>/<slug:kind>/export/", registers.export, name="register_export"),
    path("calls/", calls.page, name="calls"),
    path("calls/cases/<str:number>/", calls.on_case, name="call_on_case"),
    path("calls/visits/<uuid:key>/", calls.in_proceeding, name="call_in_proceeding"),
    path("calls/plan/<slug:desk>/<slug:kind>/", call_groups.plan, name="plan_calls"),
    path("outlook/", outlook.trends, name="outlook"),
    path("outlook/key/", outlook_findings.key_list, name="key_problems"),
    path("outlook/key/export/", outlook_findings.export_key, name="key_problems_export"),
    path("outlook/key/<slug:desk>/find/", outlook_findings.find_key, name="find_key_problems"),
    path("outlook/key/<uuid:key>/", outlook_findings.meet_key, name="key_problem"),
    path("outlook/key/<uuid:key>/cases/", outlook_findings.key_cases, name="key_problem_cases"),
    path("outlook/analyses/", outlook_findings.analyses, name="analyses"),
    path("outlook/analyses/<uuid:key>/", outlook_findings.analysis, name="analysis"),
    path("outlook/analyses/<uuid:key>/hand/", outlook_findings.hand, name="hand_analysis"),
    path("outlook/analyses/<uuid:key>/confirm/<int:made>/", outlook_findings.confirm_it, name="confirm_analysis"),
    path("outlook/<slug:desk>/note/", outlook.note, name="trend_note"),
    path("outlook/<slug:desk>/forecasts/", outlook.keep_forecasts, name="keep_forecasts"),
    path("warnings/", early_warnings.index, name="warnings"),
    path("warnings/figures/", early_warnings.figures, name="leading_figures"),
    path("warnings/<uuid:key>/", early_warnings.one, name="warning"),
    path("warnings/<slug:desk>/look/", early_warnings.look, name="look_for_warnings"),
    path("training/", learning.mine, name="my_training"),
    path("training/practice/", learning.practise, name="practise"),
    path("training/learn/<slug:desk>/confirm/", learning.confirm, name="confirm_policy"),
    path("training/learn/<slug:desk>/<slug:name>/", learning.module, name="training_module"),
    path("training/learn/<slug:desk>/<slug:name>/test/", learning.begin, name="begin_test"),
    path("training/tests/<uuid:key>/", learning.test, name="training_test"),
    path("training/tests/<uuid:key>/certificate.pdf", learning.certificate, name="certificate"),
    path("training/studies/<uuid:key>/", learning.study, name="training_study"),
    path("training/people/<slug:desk>/<int:pk>/", trainings.record, name="training_record"),
    path("training/people/<slug:desk>/<int:pk>/record.pdf", trainings.record_paper, name="training_record_paper"),
    path("training/overview/", trainings.overview, name="training_overview"),
    path("training/overview/<slug:desk>/give/", trainings.give, name="give_module"),
    path("training/overview/<slug:desk>/study/", trainings.study, name="add_study"),
    path("training/sessions/<uuid:key>/", trainings.session, name="training_session"),
    path("training/quality/", trainings.quality, name="training_quality"),
    path("performance/", performance.index, name="performance"),
    path("performance/<slug:desk>/<int:pk>/", performance.one, name="performance_of"),
    path("performance/<slug:desk>/<int:pk>/record.xlsx", performance.sheet, name="performance_sheet"),
    path("surveys/", surveys.index, name="surveys"),
    path("surveys/new/<slug:desk>/", surveys.new, name="new_survey"),
    path("surveys/<uuid:key>/", surveys.one, name="survey"),
    path("surveys/<uuid:key>/start/", surveys.start, name="start_survey"),
    path("surveys/<uuid:key>/end/", surveys.end, name="end_survey"),
    path("surveys/<uuid:key>/qr.svg", surveys.qr, name="survey_qr"),
    path("surveys/<uuid:key>/analysis/", surveys.analysis, name="survey_analysis"),
    path("surveys/<uuid:key>/answers/", surveys.answers, name="survey_answers"),
    path("surveys/<uuid:key>/ask/", survey_asking.list_to_ask, name="survey_to_ask"),
    path("surveys/<uuid:key>/ask/<uuid:invitation>/", survey_asking.ask, name="survey_ask"),
    path("surveys/<uuid:key>/take/", survey_asking.take_down, name="survey_take"),
    path("notices/", notices.page, name="notices"),
    path("notices/seen/", notices.acknowledge_shown, name="acknowledge_shown"),
    path("notices/<int:pk>/seen/", notices.acknowledge, name="acknowledge"),
    path("account/", account.page, name="account"),
    path("account/notices/", account.notice_way, name="notice_way"),
    path("account/password/", account.password, name="own_password"),
    path("account/sessions/end/", account.end_other_sessions, name="end_other_sessions"),
    path("account/sessions/<int:pk>/end/", account.end_session, name="end_session"),
    path("account/second-factor/", second_factor.page, name="second_factor"),
    path("account/second-factor/codes/", second_factor.codes, name="recovery_codes"),
    path("account/second-factor/remove/", second_factor.remove, name="remove_second_factor"),
    path("account/tokens/", tokens.page, name="account_tokens"),
    path("account/tokens/<int:pk>/withdraw/", tokens.withdraw, name="withdraw_token"),
    path("organisation/", departments.tree, name="organisation"),
    path("organisation/departments/<int:pk>/", departments.department, name="department"),
    path("organisation/departments/<int:pk>/notices/", departments.choose_way, name="department_way"),
    path("organisation/departments/<int:pk>/retire/", departments.retire, name="retire_department"),
    path("organisation/departments/<int:pk>/take-back/", departments.take_back, name="take_back_department"),
    path("organisation/functions/", departments.functions, name="functions"),
    path("organisation/functions/give/", departments.give, name="give_function"),
    path("organisation/partners/", partners.partners, name="partners"),
    path("organisation/partners/<int:pk>/", partners.one, name="partner"),
    path("organisation/partners/<int:pk>/retire/", partners.retire, name="retire_partner"),
    path("organisation/partners/<int:pk>/take-back/", partners.take_back, name="take_back_partner"),
    path("organisation/mailboxes/", mailboxes.mailboxes, name="mailboxes"),
    path("organisation/mailboxes/<int:pk>/", mailboxes.one, name="mailbox"),
    path("organisation/mailboxes/<int:pk>/test/", mailboxes.test, name="test_mailbox"),
    path("organisation/mailboxes/<int:pk>/close/", mailboxes.close, name="close_mailbox"),
    path("mail/", mail.page, name="incoming_mails"),
    path("mail/<uuid:key>/", mail.one, name="incoming_mail"),
    path("mail/<uuid:key>/raw/", mail.raw, name="raw_mail"),
    path("mail/<uuid:key>/retry/", mail.retry, name="retry_mail"),
    path("mail/<uuid:key>/case/", mail.found, name="case_of_mail"),
    path("mail/<uuid:key>/belongs/", mail.belongs, name="mail_belongs"),
    path("mail/<uuid:key>/ignore/", mail.ignore, name="ignore_mail"),
    path("organisation/people/", people.people, name="people"),
    path("organisation/people/add/", people.add, name="add_person"),
    path("organisation/people/<int:pk>/", people.one, name="person"),
    path("organisation/people/<int:pk>/roles/", people.grant, name="grant_role"),
    path("organisation/people/<int:pk>/roles/<int:membership>/revoke/", people.revoke, name="revoke_role"),
    path("organisation/people/<int:pk>/skills/", people.change_skills, name="change_skills"),
    path("organisation/people/<int:pk>/invite/", people.invite, name="invite_person"),
    path("organisation/people/<int:pk>/second-factor/", people.reset_second_factor, name="reset_second_factor"),
    path("organisation/people/<int:pk>/let-go/", people.let_go, name="let_go"),
    path("organisation/people/<int:pk>/let-in/", people.let_in, name="let_in"),
    path("organisation/people/<int:pk>/administer/", people.administer, name="administer"),
    path("organisation/changes/", changes.page, name="organisation_changes"),
    path("access/", access.page, name="access"),
    path("about/", system.about, name="about"),
    path("system/", system.status, name="system"),
    path("system/jobs/<int:pk>/", system.settle_job, name="settle_job"),
    path("system/tools/", system.tools, name="system_tools"),
    path("system/integrations/", system.integrations, name="integrations"),
    path("system/maintenance/", system.maintenance, name="maintenance"),
    path("system/maintenance/<uuid:key>/withdraw/", system.withdraw_window, name="withdraw_window"),
    path("system/versions/", system.version_history, name="versions"),
    path("personal-data/", personal.find, name="personal_data_find"),
    path("personal-data/<int:pk>/", personal.page, name="personal_data"),
    path("personal-data/<int:pk>/copy/", personal.copy, name="personal_data_copy"),
    path("personal-data/<int:pk>/erase/", personal.erase, name="personal_data_erase"),
    path("sent/", sent.page, name="sent"),
    path("sent/<int:pk>/again/", sent.again, name="send_again"),
    path("sent/<int:pk>/was-sent/", sent.was_sent, name="was_sent"),
    path("sent/<int:pk>/was-not-sent/", sent.was_not_sent, name="was_not_sent"),
    path("sent/received/", sent.received, name="received_texts"),
    path("sent/received/<int:pk>/settle/", sent.settle, name="settle_text"),
    path("wordings/", wordings.page, name="wordings"),
    path("wordings/<int:pk>/approve/", wordings.approve, name="approve_wording"),
    path("wordings/<int:pk>/refuse/", wordings.refuse, name="refuse_wording"),
    path("wordings/<int:pk>/withdraw/", wordings.withdraw, name="withdraw_wording"),
    path("wordings/<slug:desk>/<slug:message>/<slug:channel>/<slug:language>/", wordings.one, name="wording"),
    path(
        "wordings/<slug:desk>/<slug:message>/<slug:channel>/<slug:language>/edit/",
        wordings.propose,
        name="propose_wording",
    ),
    path(
        "wordings/<slug:desk>/<slug:message>/<slug:channel>/<slug:language>/reset/",
        wordings.reset,
        name="reset_wording",
    ),
    path("texts/", circulars.page, name="circulars"),
    path("texts/new/", circulars.write, name="write_circular"),
    path("texts/<int:pk>/", circulars.one, name="circular"),
    path("texts/<int:pk>/edit/", circulars.edit, name="edit_circular"),
    path("texts/<int:pk>/send/", circulars.send, name="send_circular"),
    path("texts/<int:pk>/release/", circulars.release, name="release_circular"),
    path("texts/<int:pk>/send-back/", circulars.send_back, name="send_back_circular"),
    path("texts/<int:pk>/cancel/", circulars.cancel, name="cancel_circular"),
    path("book/", book.page, name="book"),
    path("book/apply/", book.apply, name="apply_for_entry"),
    path("book/import/", book.bring_in, name="import_book"),
    path("book/export/", book.export, name="export_book"),
    path("book/groups/", book.add_group, name="add_book_group"),
    path("book/<int:pk>/", book.one, name="book_entry"),
    path("book/<int:pk>/approve/", book.approve, name="approve_entry"),
    path("book/<int:pk>/enter/", book.enter, name="enter_entry"),
    path("book/<int:pk>/retire/", book.retire, name="retire_entry"),
    path("book/<int:pk>/wrong-number/", book.mark_wrong, name="wrong_number"),
    path("book/<int:pk>/reveal/", book.reveal, name="reveal_entry"),
    path("absences/", absences.page, name="absences"),
    path("absences/enter/", absences.enter, name="enter_absence"),
    path("absences/<int:pk>/end/", absences.end, name="end_absence"),
    path("welcome/<str:secret>/", welcome.welcome, name="welcome"),
    path("policies/", policies.index, name="policies"),
    path("policies/<slug:desk>/process/", policies.process, name="process"),
    path("policies/<slug:desk>/read/", reader.clauses, name="read_policy"),
    path("policies/<slug:desk>/read/<slug:name>/", reader.part, name="read_part"),
    path("policies/<slug:desk>/history/", reader.history, name="policy_history"),
    path("policies/<slug:desk>/moves/", moves.moves, name="moves"),
    path("policies/<slug:desk>/moves/preview/", moves.preview, name="move_preview"),
    path("policies/<slug:desk>/moves/begin/", moves.begin, name="begin_move"),
    path("policies/<slug:desk>/moves/<int:pk>/", moves.one, name="move"),
    path("policies/<slug:desk>/moves/<int:pk>/back/", moves.back, name="move_back"),
    path("policies/<slug:desk>/steps/", steps.page, name="steps"),
    path("policies/<slug:desk>/steps/cases/", steps.cases, name="step_cases"),
    path("policies/<slug:desk>/steps/<slug:name>/switch/", steps.switch, name="switch_step"),
    path("policies/<slug:desk>/what-if/", what_if.page, name="what_if"),
    path("policies/<slug:desk>/what-if/<uuid:key>/", what_if.one, name="what_if_study"),
    path("policies/<slug:desk>/what-if/<uuid:key>/what-if.xlsx", what_if.export, name="what_if_xlsx"),
    path("policies/<slug:desk>/entrances/", entrance_pages.entrances, name="entrances"),
    path("policies/<slug:desk>/poster.pdf", entrance_pages.poster, name="poster"),
    path("policies/<slug:desk>/duties/", policies.duties, name="duties"),
    path("policies/<slug:desk>/papers/", papers.blank_forms, name="blank_forms"),
    path("policies/<slug:desk>/papers/<slug:form_id>.pdf", papers.blank, {"way": "pdf"}, name="blank"),
    path("policies/<slug:desk>/papers/<slug:form_id>.docx", papers.blank, {"way": "docx"}, name="blank_word"),
    path("counts/", reports.page, name="counts"),
    path("journey/", journey.page, name="journey"),
    path("conformity/", conformity_of_many.page, name="conformity"),
    path("conformity/<uuid:key>/", conformity_of_many.one, name="conformity_study"),
    path("conformity/<uuid:key>/cases/", conformity_of_many.cases, name="conformity_cases"),
    path("conformity/<uuid:key>/conformity.xlsx", conformity_of_many.export, {"way": "xlsx"}, name="conformity_xlsx"),
    path("conformity/<uuid:key>/conformity.pdf", conformity_of_many.export, {"way": "pdf"}, name="conformity_pdf"),
    path("conformity/<uuid:key>/conformity.docx", conformity_of_many.export, {"way": "docx"}, name="conformity_docx"),
    path("documents/", documents.page, name="documents"),
    path("documents/<uuid:key>/", documents.one, name="document"),
    path("documents/<uuid:key>/cases/", documents.cases, name="document_cases"),
    path("documents/<uuid:key>/file.<slug:way>", documents.file, name="document_file"),
    path("figures/", figures.page, name="figures"),
    path("figures/cases/", figures.cases, name="figure_cases"),
    path("figures/export/", figures.export, name="figures_export"),
    path("overview/", overview.page, name="overview"),
    path("overview/picture/", overview.picture, name="overview_picture"),
    path("overview/export/", overview.export, name="overview_export"),
    path("analysis/", analysis.page, name="analysis_of_causes"),
    path("analysis/export/", analysis.export, name="analysis_export"),
    path("scores/", scores.page, name="scores"),
    path("scores/export/", scores.export, name="scores_export"),
    path("workload/", workload.page, name="workload"),
    path("experience/", experience.page, name="experience"),
    path("gaps/", reports.gap_page, name="gaps"),
    path("portal/", include("amends.web.portal.urls")),
]
